using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile moves list</c></summary>
internal static class MoveListVerb
{
    private static readonly Option<int?> Limit = Words.Number(
        "--limit", $"So many of the newest, else {ControlLimits.MovesListed}", 1, int.MaxValue);

    public static Command Create(CliHost host)
        => new VerbCommand(
            "list", "List moves", "domicile moves list", "domicile moves list --limit 20000",
            "domicile moves list --json | jq '.moves[].pauseMs'")
        {
            Limit,
        }.Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var limit = call.Get(Limit) ?? ControlLimits.MovesListed;
        var list = await control.GetAsync("moves", ApiJson.Default.MoveList, cancellationToken);
        while (list.Older > 0 && list.Moves.Count < limit)
        {
            var more = await control.GetAsync(
                $"moves/before/{list.Moves[^1].Move}", ApiJson.Default.MoveList, cancellationToken);
            list = new MoveList([.. list.Moves, .. more.Moves], more.Older);
        }

        var shown = list.Moves.Take(limit).ToList();
        list = new MoveList(shown, list.Older + list.Moves.Count - shown.Count);
        if (list.Older > 0)
        {
            call.Terminal.Say($"{list.Older} older moves are not shown: --limit {list.Older + shown.Count} shows them too.");
        }

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
