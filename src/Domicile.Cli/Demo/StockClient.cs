using Amazon.Runtime;
using Amazon.S3;

namespace Domicile.Cli.Demo;

/// <summary>The AWS SDK's S3 client as anyone would set it up: retries and checksums as they come.</summary>
internal static class StockClient
{
    public static AmazonS3Client Open(Person person, Uri endpoint)
        => new(
            new BasicAWSCredentials(person.Account.AccessKey, person.Account.SecretKey),
            new AmazonS3Config
            {
                ServiceURL = endpoint.AbsoluteUri,
                ForcePathStyle = true,
                AuthenticationRegion = "us-east-1",
            });
}
