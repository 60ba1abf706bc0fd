using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects;

/// <summary>
/// Seals the secrets of access keys that lie under a former key of the account under its newest. Their rows are digested and
/// copied, so it is a write like others, with a seq.
/// </summary>
internal static class SecretRenewal
{
    /// <returns>How many open under no key, and stay as they are; null where the account isn't active here in this epoch.</returns>
    public static int? Run(AccountTransaction transaction, long epoch)
    {
        var ring = transaction.Ring!.Ring;
        var changes = new RowChanges(transaction);
        var damaged = 0;
        long? seq = null;
        foreach (var row in FindStale(transaction, ring))
        {
            if (!ring.TryOpenSmall(row.AccessKeyId, row.Secret, out var secret))
            {
                damaged++;
                continue;
            }

            using (secret)
            {
                if ((seq ??= transaction.Fence(epoch)) is not { } own)
                {
                    return null;
                }

                changes.Put(row with { Seq = own, Secret = ring.SealSmall(row.AccessKeyId, secret.Span) });
            }
        }

        changes.Settle(seq ?? 0);
        return damaged;
    }

    private static List<CredentialRow> FindStale(AccountTransaction transaction, KeyRing ring)
    {
        var rows = transaction.Sql.List(
            $"{CredentialRow.Select} WHERE account = @p1 ORDER BY access_key", CredentialRow.Read, transaction.Account.Value);
        return rows.FindAll(row => !IsUnderNewest(ring, row));
    }

    private static bool IsUnderNewest(KeyRing ring, CredentialRow row)
    {
        var isOpen = ring.Newest.TryOpenSmall(row.AccessKeyId, row.Secret, out var secret);
        secret?.Dispose();
        return isOpen;
    }
}
