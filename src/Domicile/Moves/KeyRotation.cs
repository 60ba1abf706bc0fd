using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>Draws an account's next key at its home, because an operator wants it. <see cref="Reencryptor"/> does the rest.</summary>
internal static class KeyRotation
{
    /// <param name="rotation">Asked for again with the same one, nothing is drawn.</param>
    /// <returns>Null if this rotation has drawn the newest key, now or before; else why not.</returns>
    public static string? Begin(AccountTransaction transaction, AccountStore store, Guid rotation)
    {
        switch (transaction.Row)
        {
            case not { State: AccountState.Active }:
                return $"account {transaction.Account} is not at home here, or is being moved";
            case { Pulling: { } move }:
                return $"move {move} of account {transaction.Account} is under way: its new home draws a new key anyway. "
                    + "Wait until the move is over, or abort it";
        }

        if (RekeyRow.Find(transaction.Sql, transaction.Account)?.Cause == rotation)
        {
            return null;
        }

        if (transaction.Ring is not { Ring.Keys.Length: < KeyRing.KeysMax })
        {
            return $"account {transaction.Account} has {KeyRing.KeysMax} keys: what lies under its former ones is still being "
                + "encrypted again. Wait until that has ended ('domicile account show' tells)";
        }

        RekeyRow.Begin(transaction, store, rotation);
        return null;
    }

    /// <summary>Where the account stands with its keys.</summary>
    public static KeyRenewal Describe(AccountStore store)
        => store.Read(sql =>
        {
            var keys = AccountRows.FindKeys(sql, store.Account).Count;
            if (RekeyRow.Find(sql, store.Account) is not { } row)
            {
                return new KeyRenewal(keys, null, null, 0, 0, 0);
            }

            var (contents, bytes) = row.CountLeft(sql, store.Account);
            return new KeyRenewal(keys, row.NewKeyAt, row.EndedAt, contents, bytes, row.Damaged);
        });
}
