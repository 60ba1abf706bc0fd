using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile moves watch</c>: a line for every change, until Ctrl-C.</summary>
internal static class MoveWatchVerb
{
    public static Command Create(CliHost host)
        => new VerbCommand("watch", "Watch moves as they happen, until Ctrl-C", "domicile moves watch", "domicile moves watch --json")
            .Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        await foreach (var move in MoveWatch.AllAsync(control, call.Time, cancellationToken))
        {
            if (call.Terminal.IsJson)
            {
                call.Terminal.PrintJson(move, ApiJson.Default.MoveView);
            }
            else
            {
                call.Terminal.PrintLine(MoveTables.Line(move));
            }
        }

        return ExitCode.Done;
    }
}
