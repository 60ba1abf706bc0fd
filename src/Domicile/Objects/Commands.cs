using System.Text.Json.Serialization;
using Domicile.Accounts;

namespace Domicile.Objects;

/// <summary>
/// Everything that changes an account. A command is complete: it holds what was asked and nothing of where it runs. It runs
/// inside one transaction, with the fence (see docs/protocols/move.md). It never leaves its region: what travels is the
/// client's request, from which the new home makes the command again.
/// </summary>
internal abstract record AccountCommand
{
    /// <summary>The content that the client sent, staged in this region before the command runs; null where it has none.</summary>
    public virtual StagedContent? Content => null;

    /// <summary>It runs on a full disk too.</summary>
    public bool FreesRoom
        => this is DeleteBucket or DeleteObject or DeleteObjects or AbortUpload or RevokeCredential
            or PutBucketTags { Tags: null } or PutObjectTags { Tags: null };
}

/// <summary>A content that is stored and encrypted but not yet part of any object.</summary>
/// <param name="Inline">The encrypted frames themselves where the content is short; null where they are in a file.</param>
internal sealed record StagedContent(string ContentId, long LengthBytes, byte[]? Inline);

/// <summary>Conditions of RFC 9110 on the current version. ETags without quotes; <c>*</c> stands for any.</summary>
internal sealed record WriteConditions(IReadOnlyList<string>? IfMatch, IReadOnlyList<string>? IfNoneMatch)
{
    public static readonly WriteConditions None = new(null, null);

    public DateTimeOffset? IfModifiedSince { get; init; }
    public DateTimeOffset? IfUnmodifiedSince { get; init; }
}

internal sealed record CreateBucket(string Name) : AccountCommand;

internal sealed record DeleteBucket(string Name) : AccountCommand;

/// <param name="Tags">Null deletes them all.</param>
internal sealed record PutBucketTags(string Bucket, IReadOnlyDictionary<string, string>? Tags) : AccountCommand;

internal sealed record PutBucketVersioning(string Bucket, Versioning Versioning) : AccountCommand;

internal sealed record PutObject(
    string Bucket, string Key, StagedContent Staged, string ETag, ObjectHeaders Headers,
    IReadOnlyList<Checksum> Checksums, IReadOnlyDictionary<string, string> Tags, WriteConditions Conditions) : AccountCommand
{
    public override StagedContent? Content => Staged;
}

/// <summary>Copies within the account, by reference: no byte of content is read.</summary>
/// <param name="Headers">Null keeps the source's (metadata directive COPY).</param>
/// <param name="Tags">Null keeps the source's.</param>
internal sealed record CopyObject(
    string SourceBucket, string SourceKey, string? SourceVersionId, WriteConditions SourceConditions,
    string Bucket, string Key, ObjectHeaders? Headers, IReadOnlyDictionary<string, string>? Tags,
    WriteConditions Conditions) : AccountCommand;

/// <param name="VersionId">Null: the current one (a delete marker where the bucket is versioned).</param>
internal sealed record DeleteObject(string Bucket, string Key, string? VersionId, WriteConditions Conditions) : AccountCommand;

internal sealed record DeleteObjects(string Bucket, IReadOnlyList<ObjectToDelete> Objects) : AccountCommand;

internal sealed record ObjectToDelete(string Key, string? VersionId, WriteConditions Conditions);

/// <param name="Tags">Null deletes them all.</param>
internal sealed record PutObjectTags(
    string Bucket, string Key, string? VersionId, IReadOnlyDictionary<string, string>? Tags) : AccountCommand;

/// <param name="UploadId">Drawn by the caller: 32 or more characters of a-z and 2-7.</param>
internal sealed record CreateUpload(
    string Bucket, string Key, string UploadId, ObjectHeaders Headers, IReadOnlyDictionary<string, string> Tags,
    ChecksumAlgorithm? ChecksumAlgorithm, bool ChecksumIsComposite) : AccountCommand;

internal sealed record PutPart(
    string Bucket, string Key, string UploadId, int Number, StagedContent Staged, string ETag, Checksum? Checksum)
    : AccountCommand
{
    public override StagedContent? Content => Staged;
}

/// <summary>A part that is a range of an object of the same account, by reference.</summary>
/// <param name="SourceVersionId">Exact: the caller resolved it, and computed <paramref name="ETag"/> from its bytes.</param>
internal sealed record CopyPart(
    string Bucket, string Key, string UploadId, int Number, string SourceBucket, string SourceKey, string SourceVersionId,
    long SourceBorn, long OffsetBytes, long LengthBytes, string ETag, Checksum? Checksum) : AccountCommand;

internal sealed record CompleteUpload(
    string Bucket, string Key, string UploadId, IReadOnlyList<PartToComplete> Parts, Checksum? Checksum,
    long? SizeBytes, WriteConditions Conditions) : AccountCommand;

internal sealed record PartToComplete(int Number, string ETag, Checksum? Checksum);

internal sealed record AbortUpload(string Bucket, string Key, string UploadId) : AccountCommand;

/// <summary>What operators do to an account, by control: JSON on that link, and nothing else can be ordered there.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(AddCredential), "addCredential")]
[JsonDerivedType(typeof(RevokeCredential), "revokeCredential")]
internal abstract record CredentialCommand : AccountCommand;

internal sealed record AddCredential(Credential Credential) : CredentialCommand;

internal sealed record RevokeCredential(string AccessKeyId) : CredentialCommand;
