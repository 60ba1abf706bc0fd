using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class GetObjectTagging
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if ((await FoundObject.FindAsync(exchange)).Failed(out var error, out var found))
        {
            return error;
        }

        S3Answer.AddVersion(exchange, found.VersionId);
        return await S3Answer.XmlAsync(exchange, TagSet.ToXml(found.Version.Tags));
    }
}
