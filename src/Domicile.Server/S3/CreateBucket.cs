using Domicile.Objects;
using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>Any LocationConstraint is taken: an account's buckets are where the account is.</summary>
internal static class CreateBucket
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if (RequestHeaders.CheckAcl(exchange.Headers) is { } refusal)
        {
            return refusal;
        }

        if (string.Equals(exchange.Header("x-amz-bucket-object-lock-enabled"), "true", StringComparison.OrdinalIgnoreCase))
        {
            return S3Error.Of("NotImplemented", "Object lock is not implemented.");
        }

        if ((await DocumentIntake.ReadAsync(exchange, S3Limits.DocumentBytesMax)).Failed(out var error, out var document))
        {
            return error;
        }

        if (!document.IsEmpty)
        {
            if (XmlElement.Parse(document, "CreateBucketConfiguration").Failed(out error, out var configuration))
            {
                return error;
            }

            if (configuration.Child("Tags") is { Children.Count: > 0 })
            {
                return S3Error.Of("NotImplemented", "Tags at a bucket's creation are not implemented: use PutBucketTagging.");
            }
        }

        if ((await exchange.WriteAsync<CommandResult.Done>(new Objects.CreateBucket(exchange.Bucket)))
            .Failed(out error, out _))
        {
            return error;
        }

        exchange.AnswerHeaders.Location = "/" + exchange.Bucket;
        return S3Answer.Empty(exchange, StatusCodes.Status200OK);
    }
}
