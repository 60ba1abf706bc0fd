using Domicile.Objects;
using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class PutBucketVersioning
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if ((await DocumentIntake.ReadXmlAsync(exchange, "VersioningConfiguration", S3Limits.DocumentBytesMax))
            .Failed(out var error, out var document))
        {
            return error;
        }

        if (document["MfaDelete"] is "Enabled")
        {
            return S3Error.Of("NotImplemented", "MFA delete is not implemented.");
        }

        Versioning? versioning = document["Status"] switch
        {
            "Enabled" => Versioning.Enabled,
            "Suspended" => Versioning.Suspended,
            _ => null,
        };
        if (versioning is not { } wanted)
        {
            return S3Error.Of("IllegalVersioningConfigurationException");
        }

        return (await exchange.WriteAsync<CommandResult.Done>(new Objects.PutBucketVersioning(exchange.Bucket, wanted)))
            .Failed(out error, out _)
            ? error
            : S3Answer.Empty(exchange, StatusCodes.Status200OK);
    }
}
