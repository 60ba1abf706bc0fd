namespace Domicile.Moves;

/// <summary>How long an erasure waits for those who hold the account's copy. Others than the usual are for tests.</summary>
/// <param name="Patience">Until it cuts them; see <see cref="MoveLimits.HoldsMax"/>.</param>
/// <param name="CutMax">For those who were cut to end; see <see cref="MoveLimits.CutMax"/>.</param>
internal sealed record ErasureBounds(TimeSpan Patience, TimeSpan CutMax);
