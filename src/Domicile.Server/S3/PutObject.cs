using Domicile.Objects;
using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class PutObject
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        // :: Step 1: what can be refused without the body.
        if (exchange.Query("partNumber") is not null || exchange.Query("uploadId") is not null)
        {
            return S3Error.InvalidArgument("uploadId", exchange.Query("uploadId"),
                "A part needs both uploadId and partNumber.");
        }

        if (RequestHeaders.Read(exchange.Headers).Failed(out var error, out var headers)
            || TagSet.FromHeader(exchange.Header("x-amz-tagging")).Failed(out error, out var tags)
            || WriteGuards.Read(exchange.Headers).Failed(out error, out var conditions)
            || (await exchange.FindBucketAsync(exchange.Bucket)).Failed(out error, out _))
        {
            return error;
        }

        // :: Step 2: the body, checked and committed.
        var outcome = await ContentIntake.StoreAsync<CommandResult.ObjectWritten>(
            exchange, null, (staged, body) => new Objects.PutObject(
                exchange.Bucket, exchange.Key, staged, body.Md5, headers, body.Checksum is null ? [] : [body.Checksum],
                tags, conditions));
        if (outcome.Failed(out error, out var written))
        {
            return error;
        }

        // :: Step 3: the answer.
        exchange.AnswerHeaders.ETag = EntityTags.Quote(written.ETag);
        S3Answer.AddVersion(exchange, written.VersionId);
        S3Answer.AddChecksums(exchange, written.Checksums);
        S3Answer.EchoEncryption(exchange);
        return S3Answer.Empty(exchange, StatusCodes.Status200OK);
    }
}
