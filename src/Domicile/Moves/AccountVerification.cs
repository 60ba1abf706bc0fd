using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Domicile.Objects;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// Re-reads everything: the database's pages, the set digest from the rows, table by table, and every content's frames. It
/// enumerates by itself, not through the copier's query. What can't be read is a trouble, and the rest is read.
/// </summary>
internal static class AccountVerification
{
    private const int TroublesMax = 100;

    public static async Task<DeepVerification> RunAsync(AccountStore store, CancellationToken cancellationToken)
    {
        var troubles = CheckPages(store);
        var (contents, rows, matches) = Look(store, troubles);
        var bytes = 0L;
        foreach (var content in contents)
        {
            bytes += content.LengthBytes;
            if (troubles.Count < TroublesMax)
            {
                await VerifyAsync(store, content, troubles, cancellationToken);
            }
        }

        if (matches == false)
        {
            troubles.Add("The set digest of the rows is not the one that the account row keeps.");
        }

        return new DeepVerification(rows, contents.Count, bytes, matches == true, troubles);
    }

    // SQLite's pages have no checksums: this finds what is broken in their order, the digest what is wrong in their rows.
    private static List<string> CheckPages(AccountStore store)
    {
        try
        {
            return
            [
                .. store.Read(sql => sql.List($"PRAGMA integrity_check({TroublesMax})", row => row.GetString(0)))
                    .Where(said => said != "ok").Select(said => $"The database's pages are damaged: {said.ReplaceLineEndings(" ")}."),
            ];
        }
        catch (StorageUnreadableException damaged)
        {
            return [damaged.Message];
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Rotten rows may break any rule: that is what is looked for.")]
    private static (List<ContentRow> Contents, long Rows, bool? Matches) Look(AccountStore store, List<string> troubles)
    {
        try
        {
            return store.Read(sql => Look(store, sql));
        }
        catch (Exception rotten) when (rotten is not OperationCanceledException)
        {
            troubles.Add($"Its rows can't be read: {rotten.Message}");
            return ([], 0, null);
        }
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

    private static (List<ContentRow> Contents, long Rows, bool? Matches) Look(AccountStore store, Sql sql)
    {
        var account = store.Account;
        var contents = sql.List($"{ContentRow.Select} WHERE account = @p1", ContentRow.Read, account.Value);
        var rows = sql.Scalar<long>("SELECT count(*) FROM version WHERE account = @p1", account.Value);
        var kept = sql.Scalar<byte[]>("SELECT digest FROM account WHERE account = @p1", account.Value);
        return (contents, rows, CryptographicOperations.FixedTimeEquals(kept, ChangeFeed.ComputeDigest(sql, account)));
    }
}
