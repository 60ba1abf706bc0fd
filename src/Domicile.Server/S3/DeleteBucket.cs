using Domicile.Objects;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class DeleteBucket
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
        => (await exchange.WriteAsync<CommandResult.Done>(new Objects.DeleteBucket(exchange.Bucket))).Failed(out var error, out _)
            ? error
            : S3Answer.Empty(exchange, StatusCodes.Status204NoContent);
}
