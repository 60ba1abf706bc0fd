namespace Domicile.Proofs.Statements;

/// <summary>The source of a move states that it takes no more reads or writes of the account, and what it held then.</summary>
/// <param name="Region">The source itself.</param>
/// <param name="To">The target's name.</param>
/// <param name="Epoch">The epoch that ends.</param>
/// <param name="FinalSeq">The account's last seq of that epoch.</param>
/// <param name="SetDigest">SHA-256 in hex of the set digest at <paramref name="FinalSeq"/>.</param>
/// <param name="Objects">Object versions held.</param>
/// <param name="Bytes">Bytes of plain content held.</param>
/// <param name="SealedAt">By the source's clock, as <paramref name="DepartedAt"/>.</param>
public sealed record MoveDeparture(
    Guid MoveId, RegionClaim Region, string To, long Epoch, long FinalSeq, string SetDigest, long Objects, long Bytes,
    DateTimeOffset SealedAt, DateTimeOffset DepartedAt) : Predicate(TypeUri)
{
    public const string TypeUri = TypePrefix + "move-departure/v1";

    internal override string? Problem()
        => Region.Problem()
            ?? Field.Name("target's name", To)
            ?? Field.Count("epoch", Epoch)
            ?? Field.Count("final seq", FinalSeq)
            ?? Field.Sha256("set digest", SetDigest)
            ?? Field.Count("number of objects", Objects)
            ?? Field.Count("number of bytes", Bytes);
}
