using System.CommandLine;
using System.Diagnostics;
using Domicile.Accounts;
using Domicile.Cli.Local;
using Domicile.Deployments;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile serve</c>: one process of a deployment in the foreground, for production.</summary>
internal static class ServeVerb
{
    private static readonly Option<string> Role = Roles();
    private static readonly Option<string?> Region = Words.Region("--region", "Which region; with --role region");

    private static readonly Option<string> Config = new("--config")
    {
        Description = "domicile.yaml",
        HelpName = "FILE",
        Required = true,
    };

    public static Command Create(CliHost host)
        => new VerbCommand(
            "serve", "Run one process of a deployment in the foreground",
            "domicile serve --role control --config domicile.yaml --data /srv/domicile",
            "domicile serve --role region --region singapore --config domicile.yaml --data /srv/domicile")
        {
            Role, Region, Config,
        }.Runs(host, RunAsync);

    private static Option<string> Roles()
    {
        var option = new Option<string>("--role") { Description = "control or region", Required = true };
        return option.AcceptOnlyFromAmong("control", "region");
    }

    private static async Task<int> RunAsync(VerbCall call, CancellationToken stop)
    {
        var command = ServerProcess.Command(
            ServerProgram.Find(call.Host.Environment), Which(call), Path.GetFullPath(call.Get(Config)!), call.DataDirectory);
        var start = new ProcessStartInfo(command[0]) { UseShellExecute = false };
        start.Environment[ProcessPrivacy.RuntimeDumps] = "0";
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        using var server = Process.Start(start)
            ?? throw new VerbFailedException("dotnet did not start", "is the .NET 10 runtime installed?");
        // The stop is passed on, and the process then ends in its own time and with its own code.
        using var forward = stop.Register(() => NativeProcess.Terminate(server.Id));
        await server.WaitForExitAsync(CancellationToken.None);
        return server.ExitCode;
    }

    private static ProcessRole Which(VerbCall call)
        => (call.Get(Role), call.Get(Region)) switch
        {
            ("control", null) => new ProcessRole.Control(),
            ("region", { } name) => new ProcessRole.Region(RegionName.Parse(name)),
            ("region", null) => throw new VerbFailedException("--role region needs --region", "name the region"),
            _ => throw new VerbFailedException("--region goes with --role region only", "leave it out for control"),
        };
}
