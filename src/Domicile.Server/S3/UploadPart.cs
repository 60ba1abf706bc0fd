using Domicile.Objects;
using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class UploadPart
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if (RequestHeaders.CheckBuilt(exchange.Headers) is { } refusal)
        {
            return refusal;
        }

        if (PartNumber.Parse(exchange.Query("partNumber")).Failed(out var error, out var number)
            || (await FoundUpload.FindAsync(exchange)).Failed(out error, out var upload))
        {
            return error;
        }

        // The upload's checksum is made of its parts', so each part needs one, whether the client sent it or not.
        var outcome = await ContentIntake.StoreAsync<CommandResult.PartWritten>(
            exchange, upload.ChecksumAlgorithm, (staged, body) => new PutPart(
                exchange.Bucket, exchange.Key, upload.UploadId, number, staged, body.Md5, body.Checksum));
        if (outcome.Failed(out error, out var written))
        {
            return error;
        }

        exchange.AnswerHeaders.ETag = EntityTags.Quote(written.ETag);
        S3Answer.EchoEncryption(exchange);
        if (written.Checksum is { } checksum)
        {
            exchange.AnswerHeaders[Hashing.ChecksumNames.Header(checksum.Algorithm)] = checksum.Value;
        }

        return S3Answer.Empty(exchange, StatusCodes.Status200OK);
    }
}
