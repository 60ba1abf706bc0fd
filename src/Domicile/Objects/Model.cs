namespace Domicile.Objects;

/// <summary>S3's versioning of a bucket. Numbers are on disk: never renumber.</summary>
internal enum Versioning : byte
{
    Off = 0,
    Enabled = 1,
    Suspended = 2,
}

/// <summary>S3's additional checksums. Numbers are on disk: never renumber.</summary>
internal enum ChecksumAlgorithm : byte
{
    Crc32 = 1,
    Crc32C = 2,
    Crc64Nvme = 3,
    Sha1 = 4,
    Sha256 = 5,
}

/// <summary>A checksum as S3 shows it.</summary>
/// <param name="Value">Base64; a composite one ends in <c>-N</c>, N the number of parts.</param>
/// <param name="IsComposite">A checksum of the parts' checksums, not of the whole content.</param>
internal sealed record Checksum(ChecksumAlgorithm Algorithm, string Value, bool IsComposite);

/// <summary>A bucket. Names are an account's own: two accounts may each have a bucket <c>photos</c>.</summary>
internal sealed record Bucket(
    string Name, DateTimeOffset CreatedAt, Versioning Versioning, IReadOnlyDictionary<string, string> Tags);

/// <summary>What a client said of an object, kept and given back as it came. Null: not given.</summary>
internal sealed record ObjectHeaders
{
    public string? ContentType { get; init; }
    public string? CacheControl { get; init; }
    public string? ContentDisposition { get; init; }
    public string? ContentEncoding { get; init; }
    public string? ContentLanguage { get; init; }
    public string? Expires { get; init; }
    public string? WebsiteRedirectLocation { get; init; }
    public string? StorageClass { get; init; }

    /// <summary>User metadata: names in lower case without <c>x-amz-meta-</c>; at most 2 KiB in all.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>A run of bytes of one stored content. An object is its pieces, one after the other.</summary>
/// <param name="ContentId">Names a stored content, see Storage.</param>
internal sealed record ContentPiece(string ContentId, long OffsetBytes, long LengthBytes);

/// <summary>One version of an object, or a delete marker.</summary>
internal sealed record ObjectVersion
{
    public required string Bucket { get; init; }
    public required string Key { get; init; }

    /// <summary>S3's version id; <c>null</c> as text where the bucket was not versioned.</summary>
    public required string VersionId { get; init; }

    /// <summary>The account's seq at which this version came to be: the order of a key's versions, newest highest.</summary>
    public required long Born { get; init; }

    /// <summary>Never before that of an older version of the same key, whatever the clocks say.</summary>
    public required DateTimeOffset ModifiedAt { get; init; }
    public bool IsLatest { get; init; }
    public bool IsDeleteMarker { get; init; }
    public long SizeBytes { get; init; }

    /// <summary>Without quotes: 32 hex digits, or 32 hex digits, '-' and the number of parts.</summary>
    public string ETag { get; init; } = "";
    public ObjectHeaders Headers { get; init; } = new();
    public IReadOnlyList<Checksum> Checksums { get; init; } = [];
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<ContentPiece> Pieces { get; init; } = [];

    /// <summary>The sizes of the parts in bytes, in order; empty unless it came by a multipart upload.</summary>
    public IReadOnlyList<long> PartSizes { get; init; } = [];
}

/// <summary>A multipart upload under way.</summary>
internal sealed record Upload(
    string Bucket, string Key, string UploadId, DateTimeOffset InitiatedAt, ObjectHeaders Headers,
    IReadOnlyDictionary<string, string> Tags, ChecksumAlgorithm? ChecksumAlgorithm, bool ChecksumIsComposite);

/// <summary>A part of an upload.</summary>
/// <param name="Number">1 to 10,000.</param>
internal sealed record UploadPart(
    int Number, long SizeBytes, string ETag, DateTimeOffset ModifiedAt, Checksum? Checksum,
    IReadOnlyList<ContentPiece> Pieces);
