using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>The account's row in SQL.</summary>
internal static class AccountRows
{
    /// <returns>Null where there is none.</returns>
    public static AccountRow? Find(Sql sql, AccountId account) => sql.Single(
        """
        SELECT account, residence, organisation, epoch, state, seq, digest, move, peer, cursor, pulling, has_data,
          versions, bytes, commits
        FROM account WHERE account = @p1
        """,
        Read, account.Value);

    /// <returns>The wrapped keys, newest first; none where they were destroyed, or there is no row.</returns>
    /// <exception cref="StorageUnreadableException">The stored bytes are none.</exception>
    public static IReadOnlyList<byte[]> FindKeys(Sql sql, AccountId account)
    {
        var newest = sql.Scalar<byte[]>("SELECT wrapped_key FROM account WHERE account = @p1", account.Value);
        var former = sql.Scalar<byte[]>("SELECT former_keys FROM account WHERE account = @p1", account.Value);
        return (newest, former) switch
        {
            (null, null) => [],
            ({ } key, null) => [key],
            ({ } key, { } more) when WrappedKeys.Decode(more) is { } others => [key, .. others],
            _ => throw new StorageUnreadableException(
                $"The former keys of account {account} are damaged. Restore the account's database from another copy."),
        };
    }

    /// <summary>How far a database is, of whatever format, before anything in it is changed.</summary>
    /// <returns>Commits (0 of a format that didn't count them) and seq; null where the account has no row.</returns>
    public static Tuple<long, long>? FindProgress(Sql sql, AccountId account)
    {
        var version = sql.Scalar<long>("PRAGMA user_version");
        return version == 0 ? null : sql.Single(
            $"SELECT {(version >= Schema.CommitsSince ? "commits" : "0")}, seq FROM account WHERE account = @p1",
            row => Tuple.Create(row.GetInt64(0), row.GetInt64(1)), account.Value);
    }

    /// <summary>An account that is not the one whose database it must be, before anything is changed; null where there is none.</summary>
    public static string? FindOther(Sql sql, AccountId account)
        => sql.Scalar<long>("PRAGMA user_version") == 0 ? null
            : sql.Scalar<string>("SELECT account FROM account WHERE account <> @p1 LIMIT 1", account.Value);

    /// <param name="wrapped">Newest first; none destroys all.</param>
    public static void PutKeys(Sql sql, AccountId account, IReadOnlyList<byte[]> wrapped)
        => sql.Execute(
            "UPDATE account SET wrapped_key = @p2, former_keys = @p3 WHERE account = @p1",
            account.Value, wrapped.Count == 0 ? null : wrapped[0], WrappedKeys.Encode([.. wrapped.Skip(1)]));

    public static void Insert(Sql sql, AccountRow row, DateTimeOffset now) => sql.Execute(
        """
        INSERT INTO account (account, residence, organisation, epoch, state, seq, digest, move, peer, cursor, pulling,
          has_data, versions, bytes, created_ms)
        VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13,
          @p14, @p15)
        """,
        row.Account.Value, row.Profile.Residence.Code, row.Profile.Organisation, row.Epoch, (long)row.State, row.Seq,
        row.Digest.ToArray(), Text(row.Move), row.Peer?.Value, row.Cursor, Text(row.Pulling), row.HasData ? 1L : 0L,
        row.Versions, row.Bytes, now.ToUnixTimeMilliseconds());

    /// <summary>All but seq, digest and counts, which change by statements of their own.</summary>
    public static void Update(Sql sql, AccountRow row)
    {
        var changed = sql.Execute(
            """
            UPDATE account SET residence = @p2, organisation = @p3, epoch = @p4, state = @p5, move = @p6, peer = @p7,
              cursor = @p8, pulling = @p9, has_data = @p10
            WHERE account = @p1
            """,
            row.Account.Value, row.Profile.Residence.Code, row.Profile.Organisation, row.Epoch, (long)row.State,
            Text(row.Move), row.Peer?.Value, row.Cursor, Text(row.Pulling), row.HasData ? 1L : 0L);
        Invariant.Check(changed == 1);
    }

    private static string? Text(Guid? id) => id?.ToString("D");

    private static AccountRow Read(SqlRow row) => new(
        new AccountProfile(
            AccountId.Parse(row.GetString(0)), Country.Parse(row.GetString(1)), row.GetStringOrNull(2)),
        Epoch: row.GetInt64(3),
        State: (AccountState)row.GetInt64(4),
        Seq: row.GetInt64(5),
        Digest: row.GetBytes(6),
        Move: row.IsNull(7) ? null : Guid.ParseExact(row.GetString(7), "D"),
        Peer: row.IsNull(8) ? null : RegionName.Parse(row.GetString(8)),
        Cursor: row.GetInt64(9),
        Pulling: row.IsNull(10) ? null : Guid.ParseExact(row.GetString(10), "D"),
        HasData: row.GetInt64(11) != 0,
        Versions: row.GetInt64(12),
        Bytes: row.GetInt64(13),
        Commits: row.GetInt64(14));
}
