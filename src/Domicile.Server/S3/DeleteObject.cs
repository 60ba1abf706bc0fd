using Domicile.Objects;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class DeleteObject
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if (RequestHeaders.CheckBuilt(exchange.Headers) is { } refusal)
        {
            return refusal;
        }

        if (FoundObject.VersionIdOf(exchange).Failed(out var error, out var wanted))
        {
            return error;
        }

        var command = new Objects.DeleteObject(
            exchange.Bucket, exchange.Key, wanted.VersionId, RequestHeaders.Conditions(exchange.Headers));
        if ((await exchange.WriteAsync<CommandResult.ObjectDeleted>(command)).Failed(out error, out var deleted))
        {
            return error;
        }

        S3Answer.AddVersion(exchange, deleted.VersionId);
        if (deleted.IsDeleteMarker)
        {
            exchange.AnswerHeaders["x-amz-delete-marker"] = "true";
        }

        return S3Answer.Empty(exchange, StatusCodes.Status204NoContent);
    }
}
