using System.CommandLine;
using Domicile.Cli.Local;
using Domicile.Deployments;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile up</c>: control and every region, each its own process, supervised.</summary>
internal static class UpVerb
{
    private static readonly Option<string?> Config = new("--config")
    {
        Description = "domicile.yaml (default: DIR/domicile.yaml, made if it is not there)",
        HelpName = "FILE",
    };

    private static readonly Option<bool> Detach = new("--detach") { Description = "Return when all are ready; they stay up" };

    private static readonly Option<bool> Tls = new("--tls")
    {
        Description = "Make a config that serves S3 and the API over https, with the deployment's own certificates",
    };

    public static Command Create(CliHost host)
        => new VerbCommand(
            "up", "Start control and every region on this machine, and keep them up until Ctrl-C",
            "domicile up", "domicile up --detach", "domicile up --config domicile.yaml --data /srv/domicile")
        {
            Config, Detach, Tls,
        }.Runs(host, (call, stop) => call.Get(Detach) ? DetachAsync(call, stop) : RunAsync(call, stop));

    private static async Task<int> RunAsync(VerbCall call, CancellationToken stop)
    {
        var directory = call.DataDirectory;
        LocalDeployment.Claim(directory, new ProcessRole.Control(), call.Terminal.Say);
        var taken = UpLock.TryTake(directory) ?? throw AlreadyUp(call);
        await Leftovers.StopAsync(directory, call.Terminal.Say, call.Time, stop);
        var program = ServerProgram.Find(call.Host.Environment);
        var deployment = LocalDeployment.Prepare(directory, call.Get(Config), call.Get(Tls), call.Time, call.Terminal.Say);
        call.Terminal.Say($"Starting control and {deployment.Config.Regions.Count} regions in {call.Address.ShownDirectory} …");
        await using var supervisor = await Supervisor.StartAsync(
            deployment, program, taken, call.Terminal.Say, call.Time, stop);
        await StatusVerb.PrintAsync(call, stop);
        call.Terminal.Say("Up. Ctrl-C stops everything.");
        try
        {
            await supervisor.RunAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // This is how `up` ends.
        }

        call.Terminal.Say("Stopping …");
        return ExitCode.Done;
    }

    private static async Task<int> DetachAsync(VerbCall call, CancellationToken stop)
    {
        var directory = call.DataDirectory;
        LocalDeployment.Claim(directory, new ProcessRole.Control(), call.Terminal.Say);
        using (var free = UpLock.TryTake(directory))
        {
            if (free is null)
            {
                throw AlreadyUp(call);
            }
        }

        List<string> arguments = ["up", "--data", directory];
        if (call.Get(Config) is { } config)
        {
            arguments.AddRange(["--config", Path.GetFullPath(config)]);
        }

        if (call.Get(Tls))
        {
            arguments.Add("--tls");
        }

        await Detached.StartAsync(directory, arguments, call.Time, stop);
        await StatusVerb.PrintAsync(call, stop);
        call.Terminal.Say($"Up, in the background. Stop it with `{Command(call, "down")}`.");
        return ExitCode.Done;
    }

    private static VerbFailedException AlreadyUp(VerbCall call)
        => new(
            $"The deployment in {call.Address.ShownDirectory} is already up",
            $"see it with `{Command(call, "status")}`, stop it with `{Command(call, "down")}`");

    private static string Command(VerbCall call, string verb)
        => call.Address.DataDirectory == Globals.DefaultData
            ? $"domicile {verb}" : $"domicile {verb} --data {call.Address.ShownDirectory}";
}
