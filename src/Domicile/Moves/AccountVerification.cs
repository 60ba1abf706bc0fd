using System.Security.Cryptography;
using Domicile.Objects;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// Re-reads everything: the set digest from the rows, table by table, and every content's frames. It enumerates by itself,
/// not through the copier's query.
/// </summary>
internal static class AccountVerification
{
    private const int TroublesMax = 100;

    public static async Task<DeepVerification> RunAsync(AccountStore store, CancellationToken cancellationToken)
    {
        var (contents, rows, matches) = store.Read(sql => Look(store, sql));
        var troubles = new List<string>();
        var bytes = 0L;
        foreach (var content in contents)
        {
            bytes += content.LengthBytes;
            if (troubles.Count < TroublesMax)
            {
                await VerifyAsync(store, content, troubles, cancellationToken);
            }
        }

        if (!matches)
        {
            troubles.Add("The set digest of the rows is not the one that the account row keeps.");
        }

        return new DeepVerification(rows, contents.Count, bytes, matches, troubles);
    }

    private static async Task VerifyAsync(
        AccountStore store, ContentRow content, List<string> troubles, CancellationToken cancellationToken)
    {
        try
        {
            await store.Contents.VerifyAsync(
                new StoredContent(content.Id, content.LengthBytes, content.Inline), cancellationToken);
        }
        catch (ContentCorruptException e)
        {
            troubles.Add(e.Message);
        }
    }

    private static (List<ContentRow> Contents, long Rows, bool Matches) Look(AccountStore store, Sql sql)
    {
        var account = store.Account;
        var contents = sql.List($"{ContentRow.Select} WHERE account = @p1", ContentRow.Read, account.Value);
        var rows = sql.Scalar<long>("SELECT count(*) FROM version WHERE account = @p1", account.Value);
        var kept = sql.Scalar<byte[]>("SELECT digest FROM account WHERE account = @p1", account.Value);
        return (contents, rows, CryptographicOperations.FixedTimeEquals(kept, ChangeFeed.ComputeDigest(sql, account)));
    }
}
