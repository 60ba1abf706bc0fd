namespace Domicile.Moves;

/// <summary>How a copy is cut into batches. Others than the usual are for simulations, whose accounts are small.</summary>
/// <param name="BatchRowsMax">Rows that the source sends at a time.</param>
/// <param name="LagAtSealMax">
/// Changes that the target may lack when the source is sealed. While it lacks more, it need not flush what it stores.
/// </param>
internal sealed record CopyBounds(int BatchRowsMax = 512, long LagAtSealMax = 64);
