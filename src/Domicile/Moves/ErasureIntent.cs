using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// What an erasure found before it began to delete, stored in the transaction that destroys the key: one that goes on after a
/// crash says the whole, not the rest. Removed with the transaction that ends the erasure.
/// </summary>
internal sealed record ErasureIntent(
    DateTimeOffset KeyDestroyedAt, long Rows, long Contents, long Bytes, long ReadersEnded, long ReadersCut)
{
    /// <summary>The erasure that has begun; null where none has.</summary>
    public static ErasureIntent? Find(Sql sql, AccountId account)
        => sql.Single(
            """
            SELECT key_destroyed_ms, rows_found, contents_found, bytes_found, readers_ended, readers_cut
            FROM erasure WHERE account = @p1
            """,
            row => new ErasureIntent(
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(0)), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3),
                row.GetInt64(4), row.GetInt64(5)),
            account.Value);

    public static void Remove(AccountTransaction transaction)
        => transaction.Sql.Execute("DELETE FROM erasure WHERE account = @p1", transaction.Account.Value);

    public void Save(AccountTransaction transaction)
        => transaction.Sql.Execute(
            """
            INSERT INTO erasure (
              account, key_destroyed_ms, rows_found, contents_found, bytes_found, readers_ended, readers_cut)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7)
            """,
            transaction.Account.Value, KeyDestroyedAt.ToUnixTimeMilliseconds(), Rows, Contents, Bytes, ReadersEnded,
            ReadersCut);
}
