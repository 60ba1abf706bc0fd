using Domicile.Objects;
using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class PutBucketTagging
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
        => (await DocumentIntake.ReadXmlAsync(exchange, "Tagging", S3Limits.DocumentBytesMax))
                .Failed(out var error, out var document)
            || TagSet.FromXml(document, S3Limits.BucketTagsMax).Failed(out error, out var tags)
            || (await exchange.WriteAsync<CommandResult.Done>(new PutBucketTags(exchange.Bucket, tags))).Failed(out error, out _)
                ? error
                : S3Answer.Empty(exchange, StatusCodes.Status204NoContent);
}
