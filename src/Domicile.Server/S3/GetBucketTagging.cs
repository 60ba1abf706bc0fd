using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class GetBucketTagging
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if ((await exchange.FindBucketAsync(exchange.Bucket)).Failed(out var error, out var bucket))
        {
            return error;
        }

        return bucket.Tags.Count == 0
            ? S3Error.Of("NoSuchTagSet").WithDetail("BucketName", exchange.Bucket)
            : await S3Answer.XmlAsync(exchange, TagSet.ToXml(bucket.Tags));
    }
}
