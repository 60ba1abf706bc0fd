using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile moves list</c></summary>
internal static class MoveListVerb
{
    public static Command Create(CliHost host)
        => new VerbCommand("list", "List moves", "domicile moves list", "domicile moves list --json | jq '.moves[].pauseMs'")
            .Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var list = await control.GetAsync("moves", ApiJson.Default.MoveList, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(list, ApiJson.Default.MoveList);
        }
        else
        {
            call.Terminal.Print(MoveTables.Of(list.Moves));
        }

        return ExitCode.Done;
    }
}
