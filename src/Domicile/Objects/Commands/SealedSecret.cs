using System.Text;
using Domicile.Accounts;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects.Commands;

/// <summary>A credential's secret, sealed under the account's key for this access key id alone.</summary>
internal static class SealedSecret
{
    public static byte[] Seal(AccountKey key, Credential credential)
        => key.SealSmall(credential.AccessKeyId, Encoding.UTF8.GetBytes(credential.Secret));

    /// <exception cref="ContentCorruptException">The row is not what was sealed.</exception>
    public static Credential Open(AccountKey key, CredentialRow row)
        => new(
            row.AccessKeyId, Encoding.UTF8.GetString(key.OpenSmall(row.AccessKeyId, row.Secret)), row.Label,
            DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedMs));
}
