using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class HeadBucket
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if ((await exchange.FindBucketAsync(exchange.Bucket)).Failed(out var error, out _))
        {
            return error;
        }

        exchange.AnswerHeaders["x-amz-bucket-region"] = exchange.Options.Region.Value;
        exchange.AnswerHeaders["x-amz-access-point-alias"] = "false";
        exchange.Http.Response.ContentType = "application/xml";
        return S3Answer.Empty(exchange, StatusCodes.Status200OK);
    }
}
