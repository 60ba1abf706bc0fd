namespace Domicile.Proofs.Statements;

/// <summary>
/// The target of a move states until when what it had received lay under keys that the source had had: it draws a key of its
/// own in the moment of its arrival, and encrypts what came again under it, in the background.
/// </summary>
/// <param name="Region">The target itself.</param>
/// <param name="Epoch">The epoch that the arrival began, and in which the account still was when this was stated.</param>
/// <param name="StatedAt">By the target's clock, as <paramref name="EndedAt"/>.</param>
/// <param name="EndedAt">
/// Since when, at the latest, nothing lies under a former key and none of them exists here; null if something still did.
/// </param>
/// <param name="ContentsLeft">Stored contents that were still to be encrypted again.</param>
/// <param name="BytesLeft">Bytes of them.</param>
/// <param name="Damaged">Of those left, how many can't be encrypted again, since they fail their authentication.</param>
/// <param name="ArrivalSha256">Of the canonical bytes of the arrival's envelope.</param>
public sealed record Reencryption(
    Guid MoveId, RegionClaim Region, long Epoch, DateTimeOffset StatedAt, DateTimeOffset? EndedAt, long ContentsLeft,
    long BytesLeft, long Damaged, string ArrivalSha256) : Predicate(TypeUri)
{
    public const string TypeUri = TypePrefix + "reencryption/v1";

    /// <summary>Whether this is about what arrived by that arrival.</summary>
    public bool IsOf(DsseEnvelope arrived, MoveArrival arrival)
        => MoveId == arrival.MoveId && Region == arrival.Region && Epoch == arrival.EpochAfter && ArrivalSha256 == arrived.Sha256;

    internal override string? Problem()
        => Region.Problem()
            ?? Field.Count("epoch", Epoch)
            ?? Field.Count("number of contents left", ContentsLeft)
            ?? Field.Count("number of bytes left", BytesLeft)
            ?? Field.Count("number of damaged contents", Damaged)
            ?? Field.Sha256("arrival's SHA-256", ArrivalSha256)
            ?? (EndedAt is null || (ContentsLeft, BytesLeft, Damaged) == (0, 0, 0)
                ? null : "an encryption that has ended left nothing");
}
