using System.Text.Json.Serialization;

namespace Domicile.Proofs.Statements;

/// <summary>A region states that it destroyed an account's key and deleted all of its data.</summary>
/// <param name="MoveId">Null where no move led to it: the account was deleted.</param>
/// <param name="Region">The region that erased.</param>
/// <param name="Epoch">The epoch whose key was destroyed.</param>
/// <param name="KeyDestroyedAt">By the region's clock, as <paramref name="ErasedAt"/>.</param>
/// <param name="Rows">Rows deleted.</param>
/// <param name="Contents">Stored contents deleted.</param>
/// <param name="Bytes">Bytes of stored contents deleted.</param>
/// <param name="FilesChecked">Files looked through afterwards for what may be left: database, log, temporary files.</param>
/// <param name="ArrivalSha256">
/// Of the canonical bytes of the arrival's envelope, which the region had in hand before it erased; null without a move.
/// </param>
/// <param name="Check">What the region found when it looked afterwards; left out by releases that did not say it.</param>
public sealed record Erasure(
    Guid? MoveId, RegionClaim Region, long Epoch, DateTimeOffset KeyDestroyedAt, DateTimeOffset ErasedAt,
    long Rows, long Contents, long Bytes, long FilesChecked, string? ArrivalSha256,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ErasureCheck? Check = null) : Predicate(TypeUri)
{
    public const string TypeUri = TypePrefix + "erasure/v1";

    internal override string? Problem()
        => Region.Problem()
            ?? Field.Count("epoch", Epoch)
            ?? Field.Count("number of rows", Rows)
            ?? Field.Count("number of contents", Contents)
            ?? Field.Count("number of bytes", Bytes)
            ?? Field.Count("number of files checked", FilesChecked)
            ?? (ArrivalSha256 is null ? null : Field.Sha256("arrival's SHA-256", ArrivalSha256))
            ?? (MoveId is null == ArrivalSha256 is null ? null : "a move's erasure names its arrival, and no other does")
            ?? Check?.Problem();
}

/// <summary>What was left after an erasure, each looked at before it was signed. A region that found anything signs nothing.</summary>
/// <param name="RowsLeft">Rows of the account in its database: 0.</param>
/// <param name="FilesLeft">Files of its contents, finished or not: 0.</param>
/// <param name="DescriptorsLeft">
/// Its files that the process still had open, deleted ones too: 0; null where the system doesn't tell.
/// </param>
/// <param name="KeyForgotten">The key was zeroed in the process's memory, not only deleted: true.</param>
/// <param name="ReadersEnded">Requests that were under way when erasing began, and ended by themselves.</param>
/// <param name="ReadersCut">Requests that outlasted the wait: their connections were closed.</param>
public sealed record ErasureCheck(
    long RowsLeft, long FilesLeft, long? DescriptorsLeft, bool KeyForgotten, long ReadersEnded, long ReadersCut)
{
    internal string? Problem()
        => RowsLeft != 0 || FilesLeft != 0 || DescriptorsLeft is not (null or 0) || !KeyForgotten
            ? "an erasure that left something behind is none"
            : Field.Count("number of readers that ended", ReadersEnded) ?? Field.Count("number of readers cut", ReadersCut);
}
