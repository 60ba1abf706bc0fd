using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class GetBucketLocation
{
    // S3's first region is told by an empty element.
    private const string FirstRegion = "us-east-1";

    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if ((await exchange.FindBucketAsync(exchange.Bucket)).Failed(out var error, out _))
        {
            return error;
        }

        var region = exchange.Options.Region.Value;
        return await S3Answer.XmlAsync(
            exchange, new XmlAnswer("LocationConstraint").Text(region == FirstRegion ? "" : region));
    }
}
