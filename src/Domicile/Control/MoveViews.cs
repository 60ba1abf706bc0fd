using Domicile.Moves;

namespace Domicile.Control;

/// <summary>Shows a move's record, with how far its target is, as the API's document.</summary>
internal static class MoveViews
{
    public static MoveView Of(Move move, StepAnswer.Arriving? progress, string? trouble, DateTimeOffset now)
        => new(
            move.Id, move.Account.Value, move.Source.Value, move.Target.Value, StateName(move.State), move.Epoch,
            Math.Max(move.Objects, progress?.Objects ?? 0), Math.Max(move.Bytes, progress?.Bytes ?? 0),
            progress?.Cursor ?? move.FinalSeq ?? 0, progress?.SourceSeq ?? move.FinalSeq ?? 0, move.PauseMs, move.Reason,
            move.IsOver ? null : trouble ?? progress?.Trouble, move.Rule, move.RequestedAt, move.ActivatedAt, move.ErasedAt, move.EndedAt,
            move.LedgerIndex, Remaining(move, progress, now));

    public static string StateName(MoveState state) => state.ToString().ToLowerInvariant();

    // Cursor and seq count changes: near enough to bytes for an estimate, and known without asking the source.
    private static double? Remaining(Move move, StepAnswer.Arriving? progress, DateTimeOffset now)
    {
        if (move.State != MoveState.Copying || progress is not { Cursor: > 0 })
        {
            return null;
        }

        var changesPerSecond = progress.Cursor / Math.Max(0.001, (now - move.RequestedAt).TotalSeconds);
        return Math.Round(Math.Max(0, progress.SourceSeq - progress.Cursor) / changesPerSecond, 1);
    }
}
