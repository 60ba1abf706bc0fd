namespace Domicile.Server.S3;

/// <summary>The sizes and counts that a request may have (Amazon S3 User Guide, quotas), in one place.</summary>
internal static class S3Limits
{
    /// <summary>Of one PutObject or UploadPart.</summary>
    public const long ContentBytesMax = 5L * 1024 * 1024 * 1024;

    /// <summary>Names and values of x-amz-meta- headers together, UTF-8.</summary>
    public const int MetadataBytesMax = 2048;

    public const int PageSizeMax = 1000;
    public const int KeysToDeleteMax = 1000;
    public const int PartNumberMax = 10_000;
    public const int ObjectTagsMax = 10;
    public const int BucketTagsMax = 50;
    public const int TagKeyCharsMax = 128;
    public const int TagValueCharsMax = 256;

    /// <summary>An XML body of most operations.</summary>
    public const int DocumentBytesMax = 64 * 1024;

    /// <summary>DeleteObjects: 1,000 keys of 1,024 bytes, with room for references in them.</summary>
    public const int DeleteDocumentBytesMax = 4 * 1024 * 1024;

    /// <summary>CompleteMultipartUpload: 10,000 parts with their checksums.</summary>
    public const int PartsDocumentBytesMax = 4 * 1024 * 1024;

    /// <summary>
    /// What is kept of the chunks of a signed aws-chunked body while it is served: of 26,214 chunks, which in the 64 KiB of
    /// most clients are 1.6 GiB. A body of more can't be handed over in a move: its client sends it again.
    /// </summary>
    public const int SignedChunksKeptBytesMax = 1024 * 1024;

    /// <summary>A longer body that nobody read costs less as a new connection than as bytes to throw away.</summary>
    public const long UnreadBodyBytesMax = 256 * 1024;
}
