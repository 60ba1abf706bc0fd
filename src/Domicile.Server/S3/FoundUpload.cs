using Domicile.Objects;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>The multipart upload that a request is about.</summary>
internal static class FoundUpload
{
    public static async Task<Outcome<Upload>> FindAsync(S3Exchange exchange)
    {
        if ((await exchange.FindBucketAsync(exchange.Bucket)).Failed(out var error, out _))
        {
            return error;
        }

        var uploadId = exchange.Query("uploadId") ?? "";
        return uploadId.Length > 0
            && await exchange.Copy.FindUploadAsync(exchange.Bucket, exchange.Key, uploadId, exchange.Aborted) is { } upload
                ? upload
                : S3Error.Of("NoSuchUpload").WithDetail("UploadId", uploadId);
    }
}
