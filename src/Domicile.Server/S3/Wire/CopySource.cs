namespace Domicile.Server.S3.Wire;

/// <summary>x-amz-copy-source: <c>[/]bucket/key[?versionId=…]</c>, percent-encoded.</summary>
/// <param name="VersionId">Null: the current one.</param>
internal sealed record CopySource(string Bucket, string Key, string? VersionId)
{
    public const string Header = "x-amz-copy-source";

    private const string VersionQuery = "?versionId=";

    public static Outcome<CopySource> Parse(string header)
    {
        var version = header.LastIndexOf(VersionQuery, StringComparison.Ordinal);
        var rawPath = version < 0 ? header : header[..version];
        var versionId = version < 0 ? null : header[(version + VersionQuery.Length)..];
        if (!PercentCode.TryDecode(rawPath, false, out var path))
        {
            return Malformed(header);
        }

        path = path.StartsWith('/') ? path[1..] : path;
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == path.Length - 1 || versionId is "")
        {
            return Malformed(header);
        }

        var source = new CopySource(path[..slash], path[(slash + 1)..], versionId);
        return !BucketName.IsValid(source.Bucket) ? S3Error.Of("InvalidBucketName")
            : ObjectKey.Check(source.Key) is { } error ? error
            : source;
    }

    private static S3Error Malformed(string header)
        => S3Error.InvalidArgument(Header, header, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
}
