using Domicile.Moves;

namespace Domicile.Control;

/// <summary>Shows a move's record, with how far its target is, as the API's document.</summary>
internal static class MoveViews
{
    public static MoveView Of(Move move, StepAnswer.Arriving? progress, string? trouble, double? remaining)
        => new(
            move.Id, move.Account.Value, move.Source.Value, move.Target.Value, StateName(move.State), move.Epoch,
            Math.Max(move.Objects, progress?.Objects ?? 0), Math.Max(move.Bytes, progress?.Bytes ?? 0),
            progress?.Cursor ?? move.FinalSeq ?? 0, progress?.SourceSeq ?? move.FinalSeq ?? 0, move.PauseMs, move.Reason,
            move.IsOver ? null : trouble ?? progress?.Trouble, move.Rule, move.RequestedAt, move.ActivatedAt, move.ErasedAt, move.EndedAt,
            move.LedgerIndex, remaining, move.Took?.TurnMs, move.Took?.AfterMs);

    public static string StateName(MoveState state) => state.ToString().ToLowerInvariant();
}
