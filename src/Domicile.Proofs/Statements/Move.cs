namespace Domicile.Proofs.Statements;

/// <summary>
/// Control states a whole move, and by their hashes the three statements of the regions: as a leaf of the ledger this
/// one proves all four.
/// </summary>
/// <param name="From">The source, its facts as its operator stated them.</param>
/// <param name="To">The target, its facts as its operator stated them.</param>
/// <param name="Objects">Object versions moved.</param>
/// <param name="Bytes">Bytes of plain content moved.</param>
/// <param name="StartedAt">By control's clock.</param>
/// <param name="ActivatedAt">As the target stated it.</param>
/// <param name="ErasedAt">As the source stated it.</param>
/// <param name="PauseMs">How long writes had to wait, in milliseconds.</param>
/// <param name="PolicyVersion">The policy under which the target was chosen.</param>
/// <param name="PolicyRule">The rule of it that decided.</param>
/// <param name="FromKey">Key id that speaks for the source.</param>
/// <param name="ToKey">Key id that speaks for the target.</param>
/// <param name="DepartureSha256">Of the canonical bytes of the envelope, as the two that follow.</param>
public sealed record Move(
    Guid MoveId, RegionClaim From, RegionClaim To, long EpochBefore, long EpochAfter, long FinalSeq, string SetDigest,
    long Objects, long Bytes, DateTimeOffset StartedAt, DateTimeOffset ActivatedAt, DateTimeOffset ErasedAt,
    long PauseMs, long PolicyVersion, string PolicyRule, string FromKey, string ToKey,
    string DepartureSha256, string ArrivalSha256, string ErasureSha256) : Predicate(TypeUri)
{
    public const string TypeUri = TypePrefix + "move/v1";

    internal override string? Problem()
        => From.Problem()
            ?? To.Problem()
            ?? Field.Count("epoch before", EpochBefore)
            ?? Field.Count("epoch after", EpochAfter)
            ?? Field.Count("final seq", FinalSeq)
            ?? Field.Sha256("set digest", SetDigest)
            ?? Field.Count("number of objects", Objects)
            ?? Field.Count("number of bytes", Bytes)
            ?? Field.Count("pause", PauseMs)
            ?? Field.Count("policy version", PolicyVersion)
            ?? Field.Name("policy rule", PolicyRule)
            ?? Field.Sha256("source's key id", FromKey)
            ?? Field.Sha256("target's key id", ToKey)
            ?? Field.Sha256("departure's SHA-256", DepartureSha256)
            ?? Field.Sha256("arrival's SHA-256", ArrivalSha256)
            ?? Field.Sha256("erasure's SHA-256", ErasureSha256);
}
