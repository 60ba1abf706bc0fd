using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class DeleteObjectTagging
{
    public static Task<S3Error?> RunAsync(S3Exchange exchange)
        => PutObjectTagging.WriteAsync(exchange, null, StatusCodes.Status204NoContent);
}
