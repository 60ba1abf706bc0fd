using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Server.S3.Hashing;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class CreateMultipartUpload
{
    private const int UploadIdRandomBytes = 25;

    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if (RequestHeaders.Read(exchange.Headers).Failed(out var error, out var headers)
            || TagSet.FromHeader(exchange.Header("x-amz-tagging")).Failed(out error, out var tags)
            || ChecksumKind.Read(exchange.Headers).Failed(out error, out var checksum))
        {
            return error;
        }

        var uploadId = Base32.Encode(RandomNumberGenerator.GetBytes(UploadIdRandomBytes));
        var command = new CreateUpload(
            exchange.Bucket, exchange.Key, uploadId, headers, tags, checksum.Algorithm, checksum.IsComposite);
        if ((await exchange.WriteAsync<CommandResult.UploadCreated>(command)).Failed(out error, out var created))
        {
            return error;
        }

        S3Answer.EchoEncryption(exchange);
        if (checksum.Algorithm is { } algorithm)
        {
            exchange.AnswerHeaders["x-amz-checksum-algorithm"] = ChecksumNames.Name(algorithm);
            exchange.AnswerHeaders["x-amz-checksum-type"] = checksum.IsComposite ? "COMPOSITE" : "FULL_OBJECT";
        }

        return await S3Answer.XmlAsync(
            exchange,
            new XmlAnswer("InitiateMultipartUploadResult")
                .Add("Bucket", exchange.Bucket)
                .Add("Key", exchange.Key)
                .Add("UploadId", created.UploadId));
    }
}
