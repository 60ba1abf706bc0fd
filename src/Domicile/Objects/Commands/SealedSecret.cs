using Domicile.Accounts;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects.Commands;

/// <summary>A credential's secret, sealed under the account's newest key for this access key id alone.</summary>
internal static class SealedSecret
{
    public static byte[] Seal(KeyRing ring, Credential credential)
        => ring.SealSmall(credential.AccessKeyId, credential.Secret.Span);

    /// <exception cref="ContentCorruptException">The row is not what was sealed.</exception>
    public static Credential Open(KeyRing ring, CredentialRow row)
        => new(
            row.AccessKeyId, ring.OpenSmall(row.AccessKeyId, row.Secret), row.Label,
            DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedMs));

    /// <summary>The credential without its secret.</summary>
    public static Credential Describe(CredentialRow row)
        => new(row.AccessKeyId, SecretBytes.None, row.Label, DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedMs));
}
