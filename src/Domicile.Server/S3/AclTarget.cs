using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>The bucket or object that an ACL is asked of.</summary>
internal static class AclTarget
{
    /// <summary>Null where it exists.</summary>
    public static async Task<S3Error?> FindAsync(S3Exchange exchange)
    {
        S3Error? error;
        if (exchange.Target.Kind == TargetKind.Bucket)
        {
            return (await exchange.FindBucketAsync(exchange.Bucket)).Failed(out error, out _) ? error : null;
        }

        return (await FoundObject.FindAsync(exchange)).Failed(out error, out _) ? error : null;
    }
}
