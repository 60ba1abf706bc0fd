using Domicile.Accounts;
using Domicile.Objects.Rows;

namespace Domicile.Objects.Commands;

/// <summary>Adds and revokes access keys.</summary>
internal sealed class CredentialCommands(RowChanges changes)
{
    public Decision Decide(AddCredential command)
    {
        var credential = command.Credential;
        if (!AccessKey.TryGetAccount(credential.AccessKeyId, out var account) || account != changes.Account)
        {
            return Decision.Refuse("InvalidArgument", "The access key id is not one of this account.");
        }

        if (credential.Secret.LengthBytes == 0)
        {
            // Secrets travel sealed, and never with a command that is handed over.
            return Decision.Refuse("InvalidArgument", "The access key has come without its secret. Add it again.");
        }

        if (CredentialRow.Find(changes.Sql, changes.Account, credential.AccessKeyId) is not null)
        {
            return Decision.Refuse("EntityAlreadyExists", "The access key id is in use.");
        }

        var count = changes.Sql.Scalar<long>("SELECT COUNT(*) FROM credential WHERE account = @p1", changes.Account.Value);
        return count >= ObjectLimits.CredentialsMax
            ? Decision.Refuse("LimitExceeded", $"The account has {ObjectLimits.CredentialsMax} access keys: revoke some.")
            : Decision.Do(seq => changes.Put(Seal(credential, seq)));
    }

    public Decision Decide(RevokeCredential command)
        => CredentialRow.Find(changes.Sql, changes.Account, command.AccessKeyId) is { } row
            ? Decision.Do(seq => Revoke(row, seq))
            : Decision.Refuse("NoSuchEntity", "The account has no such access key.");

    private void Revoke(CredentialRow row, long seq)
    {
        changes.Delete(row, seq);
        RevokedKeys.Remember(changes.Sql, changes.Account, row.AccessKeyId, seq);
    }

    private CredentialRow Seal(Credential credential, long seq)
        => new(
            credential.AccessKeyId, seq, credential.CreatedAt.ToUnixTimeMilliseconds(), credential.Label,
            SealedSecret.Seal(changes.Transaction.Ring!.Ring, credential));
}
