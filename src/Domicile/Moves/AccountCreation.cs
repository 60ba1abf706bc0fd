using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>Makes an account in its first home: row, key and first access key in one transaction.</summary>
internal static class AccountCreation
{
    /// <summary>The database of an account that is nowhere yet.</summary>
    public static NewDatabase ToDatabase(FirstHome account)
        => new(account.Profile.Id, (transaction, store) => Run(transaction, store, account.Profile, account.First) is null);

    /// <returns>Null if it is there now, made or repeated; else why not.</returns>
    public static string? Run(AccountTransaction transaction, AccountStore store, AccountProfile profile, Credential first)
    {
        switch (transaction.Row)
        {
            case { State: AccountState.Active, Epoch: 1 }:
                return null;
            case { } row:
                return $"account {profile.Id} is {row.State} here, in epoch {row.Epoch}";
        }

        transaction.PutRow(new AccountRow(
            profile, Epoch: 1, AccountState.Active, Seq: 0, new byte[Proofs.SetDigest.LengthBytes], Move: null, Peer: null,
            Cursor: 0, Pulling: null, HasData: true));
        store.CreateKey(transaction);
        return CommandExecutor.Execute(transaction, epoch: 1, new AddCredential(first)) is Execution.Executed(CommandResult.Done)
            ? null
            : $"account {profile.Id}'s first access key could not be stored";
    }
}
