using System.Globalization;
using Domicile.Cli.Formats;
using Domicile.Control;
using Spectre.Console;

namespace Domicile.Cli.Verbs;

/// <summary>Moves as people see them.</summary>
internal static class MoveTables
{
    public static Table Of(IEnumerable<MoveView> moves)
    {
        var table = Tables.New("move", "account", "from", "to", "state", "left", "objects", "size", "pause", "note");
        foreach (var move in moves)
        {
            table.Row(
                move.Move.ToString(), move.Account, move.From, move.To, State(move), Left(move) ?? "", Sizes.Count(move.Objects),
                Sizes.Format(move.Bytes), Durations.FormatMs(move.PauseMs), move.Reason ?? move.Trouble ?? "");
        }

        return table.Right(5, 6, 7, 8);
    }

    public static Table Of(MoveView move)
        => Tables.Facts()
            .Fact("move", move.Move.ToString()).Fact("account", move.Account)
            .Fact("from", move.From).Fact("to", move.To).Fact("state", State(move))
            .Fact("epoch", move.Epoch.ToString(CultureInfo.InvariantCulture))
            .Fact("left", Left(move))
            .Fact("copied", $"{Sizes.Count(move.Objects)} objects, {Sizes.Format(move.Bytes)}")
            .Fact("took", move.CopyMs is { } copy ? Took(copy, move.EraseMs) : null)
            .Fact("pause", Durations.FormatMs(move.PauseMs))
            .Fact("rule", move.Rule).Fact("reason", move.Reason).Fact("trouble", move.Trouble)
            .Fact("requested", When(move.RequestedAt)).Fact("activated", When(move.ActivatedAt))
            .Fact("erased", When(move.ErasedAt)).Fact("ended", When(move.EndedAt))
            .Fact("ledger entry", move.LedgerIndex?.ToString(CultureInfo.InvariantCulture));

    /// <summary>One line for a log: what a move does now.</summary>
    public static string Line(MoveView move)
        => $"{move.Account} {move.From} → {move.To}: {State(move)}"
            + (Left(move) is { } left ? $", {left} left" : "")
            + (move.PauseMs is { } pause ? $", pause {Durations.FormatMs(pause)}" : "")
            + (move.Reason is { } reason ? $" ({Clean.Line(reason)})" : "")
            + (move.Trouble is { } trouble ? $" [{Clean.Line(trouble)}]" : "");

    /// <summary>From 0 to 1. While copying, changes applied of changes made; each later step is a share of the rest.</summary>
    public static double Progress(MoveView move)
        => move.State switch
        {
            "planned" => 0,
            "copying" => move.SourceSeq > 0 ? 0.8 * Math.Clamp((double)move.Cursor / move.SourceSeq, 0, 1) : 0,
            "sealing" or "draining" or "departing" or "activating" or "refusing" or "unsealing" => 0.85,
            "settling" => 0.9,
            "erasing" => 0.95,
            _ => 1,
        };

    private static string Took(double copyMs, double? eraseMs)
        => $"{Durations.FormatMs(copyMs)} until the new home served"
            + (eraseMs is { } erase ? $", {Durations.FormatMs(erase)} to erase the old one" : "");

    private static string? Left(MoveView move)
        => move.RemainingSeconds is { } seconds ? Durations.FormatAbout(seconds) : null;

    private static string State(MoveView move)
        => move.State == "copying" && move.SourceSeq > 0
            ? $"copying {(100 * Math.Clamp((double)move.Cursor / move.SourceSeq, 0, 1)).ToString("0", CultureInfo.InvariantCulture)} %"
            : move.State;

    private static string? When(DateTimeOffset? at) => at?.ToString("u", CultureInfo.InvariantCulture);
}
