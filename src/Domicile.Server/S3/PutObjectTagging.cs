using Domicile.Objects;
using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class PutObjectTagging
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if ((await DocumentIntake.ReadXmlAsync(exchange, "Tagging", S3Limits.DocumentBytesMax))
                .Failed(out var error, out var document)
            || TagSet.FromXml(document, S3Limits.ObjectTagsMax).Failed(out error, out var tags))
        {
            return error;
        }

        return await WriteAsync(exchange, tags, StatusCodes.Status200OK);
    }

    /// <param name="tags">Null deletes them.</param>
    public static async Task<S3Error?> WriteAsync(
        S3Exchange exchange, IReadOnlyDictionary<string, string>? tags, int statusWhenDone)
    {
        if ((await FoundObject.FindAsync(exchange)).Failed(out var error, out var found))
        {
            return error;
        }

        var command = new PutObjectTags(exchange.Bucket, exchange.Key, exchange.Query("versionId"), tags);
        if ((await exchange.WriteAsync<CommandResult.Done>(command)).Failed(out error, out _))
        {
            return error;
        }

        S3Answer.AddVersion(exchange, found.VersionId);
        return S3Answer.Empty(exchange, statusWhenDone);
    }
}
