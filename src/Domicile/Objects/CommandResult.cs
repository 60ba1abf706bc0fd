using System.Text.Json.Serialization;

namespace Domicile.Objects;

/// <summary>
/// What became of a command, and all of it that the client must hear: it travels back over the regions' link where another
/// region made the command of a request that was handed over.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Done), "done")]
[JsonDerivedType(typeof(ObjectWritten), "objectWritten")]
[JsonDerivedType(typeof(ObjectDeleted), "objectDeleted")]
[JsonDerivedType(typeof(ObjectsDeleted), "objectsDeleted")]
[JsonDerivedType(typeof(UploadCreated), "uploadCreated")]
[JsonDerivedType(typeof(PartWritten), "partWritten")]
[JsonDerivedType(typeof(Refused), "refused")]
internal abstract record CommandResult
{
    private CommandResult()
    {
    }

    public sealed record Done : CommandResult;

    /// <summary>PutObject, CopyObject, CompleteUpload.</summary>
    /// <param name="VersionId">Null where the bucket is not versioned.</param>
    /// <param name="SourceVersionId">Of a copy, where its source is versioned.</param>
    public sealed record ObjectWritten(
        string ETag, string? VersionId, DateTimeOffset ModifiedAt, long SizeBytes, IReadOnlyList<Checksum> Checksums,
        string? SourceVersionId) : CommandResult;

    /// <param name="VersionId">Of what was deleted or of the new delete marker; null where not versioned.</param>
    public sealed record ObjectDeleted(string? VersionId, bool IsDeleteMarker) : CommandResult;

    /// <summary>In the order of the command.</summary>
    public sealed record ObjectsDeleted(IReadOnlyList<DeleteOutcome> Outcomes) : CommandResult;

    public sealed record UploadCreated(string UploadId) : CommandResult;

    /// <param name="SourceVersionId">Of a copy, where its source is versioned.</param>
    public sealed record PartWritten(
        string ETag, DateTimeOffset ModifiedAt, Checksum? Checksum, string? SourceVersionId = null) : CommandResult;

    /// <summary>Nothing changed.</summary>
    /// <param name="Code">S3's error code, such as <c>NoSuchBucket</c> or <c>PreconditionFailed</c>.</param>
    /// <param name="Detail">What the code's own message doesn't say; null for the code's message.</param>
    public sealed record Refused(string Code, string? Detail = null) : CommandResult;
}

/// <param name="RequestedVersionId">As the client gave it; null if it didn't.</param>
/// <param name="VersionId">Of the deleted version or of the new marker; null where not versioned.</param>
/// <param name="ErrorCode">Null if it was deleted, or was never there.</param>
internal sealed record DeleteOutcome(
    string Key, string? RequestedVersionId, string? VersionId, bool IsDeleteMarker, string? ErrorCode);
