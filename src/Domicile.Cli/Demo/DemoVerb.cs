using System.CommandLine;
using Domicile.Cli.Local;
using Domicile.Cli.Verbs;

namespace Domicile.Cli.Demo;

/// <summary><c>domicile demo</c>: the whole of it on this machine, in a story that checks itself.</summary>
internal static class DemoVerb
{
    private const int AccountsDefault = 10;
    private const int AccountsMax = 500;

    private static readonly Argument<string?> Files = new("DIR")
    {
        Description = "Files for the accounts (default: samples/)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<int?> Accounts = Count();

    private static readonly Option<bool> Exit = new("--exit") { Description = "Stop everything at the end" };

    public static Command Create(CliHost host)
        => new VerbCommand(
            "demo", "Move accounts out of Beijing while their devices go on, and check it from outside",
            "domicile demo", "domicile demo ~/Pictures --accounts 20 --exit") { Files, Accounts, Exit }
            .Runs(host, RunAsync);

    private static Option<int?> Count()
    {
        var option = Words.Number("--accounts", "How many accounts", 2, AccountsMax);
        option.DefaultValueFactory = _ => AccountsDefault;
        return option;
    }

    private static async Task<int> RunAsync(VerbCall call, CancellationToken stop)
    {
        var files = SampleFiles.Find(call.Get(Files));
        using var directory = DemoDirectory.Take(call);
        var taken = UpLock.TryTake(directory.Path)
            ?? throw new VerbFailedException($"{directory.Path} is in use", "give another --data");
        FirstConfig.WriteOnFreePorts(directory.Path);
        var program = ServerProgram.Find(call.Host.Environment);
        var teller = new Teller(call.Terminal);
        teller.Chapter("Three regions and control, each a process of its own");
        var deployment = LocalDeployment.Prepare(directory.Path, null, tls: false, call.Time, call.Terminal.Say);
        await using var supervisor = await Supervisor.StartAsync(
            deployment, program, taken, teller.Line, call.Time, stop);

        var verdict = await new Story(call, teller, deployment, files, call.Get(Accounts)!.Value).RunAsync(stop);
        Print(call, teller, verdict);
        directory.Keep = !verdict.Ok;
        if (!call.Get(Exit))
        {
            await StayAsync(teller, deployment, supervisor, stop);
        }

        if (directory.Keep)
        {
            teller.Line($"Its data are kept in {directory.Path}");
        }

        return verdict.Ok ? ExitCode.Done : ExitCode.Failed;
    }

    private static void Print(VerbCall call, Teller teller, DemoDocument verdict)
    {
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(verdict, CliJson.Default.DemoDocument);
        }

        teller.Line(verdict.Ok ? "demo: OK" : $"demo: FAILED: {verdict.Why}");
    }

    private static async Task StayAsync(
        Teller teller, LocalDeployment deployment, Supervisor supervisor, CancellationToken stop)
    {
        teller.Line($"Look around: console {deployment.Console}, and `domicile status --data {deployment.Directory}`. Ctrl-C ends it.");
        try
        {
            await supervisor.RunAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // This is how it ends.
        }
    }
}
