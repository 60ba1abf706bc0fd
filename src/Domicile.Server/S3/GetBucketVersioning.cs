using Domicile.Objects;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class GetBucketVersioning
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
        => (await exchange.FindBucketAsync(exchange.Bucket)).Failed(out var error, out var bucket)
            ? error
            : await S3Answer.XmlAsync(
                exchange,
                new XmlAnswer("VersioningConfiguration").Add(
                    "Status", bucket.Versioning == Versioning.Off ? null : bucket.Versioning.ToString()));
}
