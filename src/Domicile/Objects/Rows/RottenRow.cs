using Domicile.Accounts;

namespace Domicile.Objects.Rows;

/// <summary>A row of an account's own database that can't be read: the account is damaged, nobody has asked wrongly.</summary>
internal static class RottenRow
{
    /// <exception cref="StorageUnreadableException">A row that was read is none that is ever stored.</exception>
    public static T Guard<T>(AccountId account, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception rotten) when (rotten is FormatException or InvalidCastException or OverflowException)
        {
            throw new StorageUnreadableException($"A row of account {account} is damaged ({rotten.Message})", rotten)
            {
                Next = $"Check the disk. `domicile verify --account {account} --deep` names all that is damaged; restore the account "
                    + "from a backup, or have its user delete or replace what can't be read.",
            };
        }
    }
}
