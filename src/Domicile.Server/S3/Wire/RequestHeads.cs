namespace Domicile.Server.S3.Wire;

/// <summary>What holds for the head of every request, however it came: before anything of it is acted on.</summary>
internal static class RequestHeads
{
    // Each says one thing. Of two lines one reader would take the first, another the last, a third both.
    private static readonly string[] Single =
    [
        "Authorization", "Content-Length", "Content-MD5", "Content-Type", "Date", "Host", "If-Modified-Since",
        "If-Unmodified-Since", "If-Range", "Range", "x-amz-content-sha256", "x-amz-copy-source", "x-amz-copy-source-range",
        "x-amz-date", "x-amz-decoded-content-length", "x-amz-expected-bucket-owner", "x-amz-metadata-directive",
        "x-amz-sdk-checksum-algorithm", "x-amz-security-token", "x-amz-source-expected-bucket-owner", "x-amz-storage-class",
        "x-amz-tagging", "x-amz-tagging-directive", "x-amz-trailer",
    ];

    /// <summary>Null where the head says what it says once, in characters that a head may have.</summary>
    public static S3Error? Check(IHeaderDictionary headers)
    {
        foreach (var (name, values) in headers)
        {
            if (values.Count > 1 && Single.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                return S3Error.InvalidArgument(name, values.ToString(), $"The header {name} may come once.");
            }

            foreach (var value in values)
            {
                if (!HttpText.IsValue(value))
                {
                    return S3Error.Of("InvalidRequest", "A header holds a control character.");
                }
            }
        }

        return null;
    }
}
