using Domicile.Storage;

namespace Domicile.Objects;

/// <summary>Every limit of an account's state. S3's own where S3 has one (AWS's user guide, "Amazon S3 quotas").</summary>
internal static class ObjectLimits
{
    public const int BucketsMax = 1_000;
    public const int BucketNameCharsMax = 63;
    public const int KeyBytesMax = 1_024;
    public const int CredentialsMax = 100;

    /// <summary>Revoked access keys of an account that are remembered, to tell of their use.</summary>
    public const int RevokedKeysMax = 1_000;
    public const int CredentialLabelCharsMax = 128;
    public const int UploadsMax = 10_000;

    /// <summary>Numbers of parts are 1 to this.</summary>
    public const int PartsMax = 10_000;

    /// <summary>Of every part but the last.</summary>
    public const long PartBytesMin = 5L << 20;

    /// <summary>5 TiB.</summary>
    public const long ObjectBytesMax = 5L << 40;

    /// <summary>Of one object or part. Only copies of ranges of objects of many parts come near it.</summary>
    public const int PiecesMax = 20_000;

    /// <summary>
    /// Parts that go with one deleted bucket. All rows of one command share a seq, and a seq travels whole.
    /// </summary>
    public const int PartsPerBucketDeletedMax = 10_000;

    /// <summary>How long a completion that is sent again is told that it is done. Clients try again for a quarter of an hour.</summary>
    public static readonly TimeSpan CompletionRepeatedMax = TimeSpan.FromDays(1);

    /// <summary>Newest versions of a key among which that completion's object is looked for.</summary>
    public const int CompletionVersionsMax = 16;

    /// <summary>Objects in one DeleteObjects.</summary>
    public const int DeletesMax = 1_000;

    /// <summary>Of a version's, upload's or part's JSON document: room for all pieces and part sizes.</summary>
    public const int DocumentBytesMax = 8 << 20;

    /// <summary>Of ids and other short texts, in UTF-8.</summary>
    public const int IdBytesMax = 128;

    /// <summary>Of the encrypted frames of a content that lies beside the metadata.</summary>
    public static readonly int InlineBytesMax = (int)ContentLimits.FramesLength(ContentLimits.InlineBytesMax);

    /// <summary>Of inline contents that a request keeps of an object it found, in bytes.</summary>
    public const int InlineBytesKeptMax = 1 << 20;

    /// <summary>Of a sealed secret.</summary>
    public const int SecretBytesMax = 512;

    /// <summary>Of a query's page, keys and common prefixes together.</summary>
    public const int PageMax = 1_000;
}
