namespace Domicile.Proofs.Statements;

/// <summary>The target of a move states that it is the account's home now, and what it holds.</summary>
/// <param name="Region">The target itself.</param>
/// <param name="From">The source's name.</param>
/// <param name="EpochAfter">The epoch that begins: one more than <paramref name="EpochBefore"/>.</param>
/// <param name="FinalSeq">The seq up to which the target has everything.</param>
/// <param name="SetDigest">SHA-256 in hex of the set digest that the target computed from what it stored.</param>
/// <param name="Objects">Object versions held.</param>
/// <param name="Bytes">Bytes of plain content held.</param>
/// <param name="ActivatedAt">By the target's clock.</param>
/// <param name="DepartureSha256">
/// Of the canonical bytes of the departure's envelope: the target had it in hand. This is what orders the two; clocks
/// of two regions can't.
/// </param>
public sealed record MoveArrival(
    Guid MoveId, RegionClaim Region, string From, long EpochBefore, long EpochAfter, long FinalSeq, string SetDigest,
    long Objects, long Bytes, DateTimeOffset ActivatedAt, string DepartureSha256) : Predicate(TypeUri)
{
    public const string TypeUri = TypePrefix + "move-arrival/v1";

    internal override string? Problem()
        => Region.Problem()
            ?? Field.Name("source's name", From)
            ?? Field.Count("epoch before", EpochBefore)
            ?? Field.Count("epoch after", EpochAfter)
            ?? Field.Count("final seq", FinalSeq)
            ?? Field.Sha256("set digest", SetDigest)
            ?? Field.Count("number of objects", Objects)
            ?? Field.Count("number of bytes", Bytes)
            ?? Field.Sha256("departure's SHA-256", DepartureSha256);
}
