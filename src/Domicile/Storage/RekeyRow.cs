using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>
/// How far the encrypting anew has got that followed the last new key; see <see cref="Schema"/>. It stays when it has ended,
/// until the next key is drawn or the account is erased.
/// </summary>
/// <param name="Cause">The move or the rotation that drew the key.</param>
/// <param name="EndedAt">When the former keys were destroyed; null while there are any.</param>
/// <param name="Cursor">Contents up to this seq lie under the newest key, but for damaged ones.</param>
/// <param name="Until">The account's seq when the key was drawn.</param>
/// <param name="Damaged">Contents and secrets that open under no key: they stay as they are, and so do the former keys.</param>
internal sealed record RekeyRow(
    Guid Cause, DateTimeOffset NewKeyAt, DateTimeOffset? EndedAt, long Cursor, long Until, long Damaged)
{
    /// <summary>Draws the account's next key; what it has so far is to be encrypted under it, after the commit.</summary>
    public static void Begin(AccountTransaction transaction, AccountStore store, Guid cause)
    {
        store.AddKey(transaction);
        new RekeyRow(cause, transaction.Now, EndedAt: null, Cursor: 0, transaction.Row!.Seq, Damaged: 0).Save(transaction);
    }

    public static RekeyRow? Find(Sql sql, AccountId account) => sql.Single(
        "SELECT cause, new_key_ms, ended_ms, cursor, until, damaged FROM rekey WHERE account = @p1",
        row => new RekeyRow(
            Guid.ParseExact(row.GetString(0), "D"),
            DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(1)),
            row.IsNull(2) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
            row.GetInt64(3), row.GetInt64(4), row.GetInt64(5)),
        account.Value);

    public void Save(AccountTransaction transaction) => transaction.Sql.Execute(
        """
        INSERT INTO rekey (account, cause, new_key_ms, ended_ms, cursor, until, damaged)
        VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7)
        ON CONFLICT (account) DO UPDATE SET cause = excluded.cause, new_key_ms = excluded.new_key_ms,
          ended_ms = excluded.ended_ms, cursor = excluded.cursor, until = excluded.until, damaged = excluded.damaged
        """,
        transaction.Account.Value, Cause.ToString("D"), NewKeyAt.ToUnixTimeMilliseconds(), EndedAt?.ToUnixTimeMilliseconds(),
        Cursor, Until, Damaged);

    /// <summary>What still lies under a former key, by what has been looked at; damaged ones among it. Costs what it counts.</summary>
    public (long Contents, long Bytes) CountLeft(Sql sql, AccountId account)
    {
        if (EndedAt is not null)
        {
            return (0, 0);
        }

        const string left = "FROM content WHERE account = @p1 AND seq > @p2 AND seq <= @p3";
        return (
            sql.Scalar<long>($"SELECT count(*) {left}", account.Value, Cursor, Until) + Damaged,
            sql.Scalar<long>($"SELECT coalesce(sum(length), 0) {left}", account.Value, Cursor, Until));
    }
}
