using System.Text.Json;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Storage;

namespace Domicile.Control;

/// <summary>The statements on the directory's table. Each runs in its caller's transaction.</summary>
internal static class AccountTable
{
    private const string Columns =
        "account, residence, organisation, home, epoch, state, version, created_ms, misplaced, salt, usage";

    /// <summary>Creating, erasing or abandoned: as the index says it, or SQLite doesn't see that it may use that.</summary>
    public const string IsUnfinished = "state IN (1, 3, 5)";

    public static ControlAccount? Find(Sql sql, AccountId account)
        => sql.Single($"SELECT {Columns} FROM directory WHERE account = @p1", Read, account.Value);

    /// <summary>All but tombstones, oldest first.</summary>
    public static List<ControlAccount> List(Sql sql)
        => sql.List(
            $"SELECT {Columns} FROM directory WHERE state <> @p1 ORDER BY created_ms, account", Read,
            (int)ControlAccountState.Erased);

    public static List<ControlAccount> ListInState(Sql sql, ControlAccountState state)
        => sql.List($"SELECT {Columns} FROM directory WHERE state = @p1 ORDER BY account", Read, (int)state);

    /// <summary>Accounts of which something is still to be done.</summary>
    public static List<ControlAccount> ListUnfinished(Sql sql)
        => sql.List($"SELECT {Columns} FROM directory WHERE {IsUnfinished} ORDER BY account", Read);

    public static Dictionary<string, int> CountByHome(Sql sql)
        => sql.List(
            "SELECT home, COUNT(*) FROM directory WHERE state <> @p1 AND home IS NOT NULL GROUP BY home",
            row => (Home: row.GetString(0), Count: row.GetInt32(1)), (int)ControlAccountState.Erased)
            .ToDictionary(row => row.Home, row => row.Count, StringComparer.Ordinal);

    public static List<DirectoryEntry> Since(Sql sql, long version, int atMost)
        => sql.List(
            "SELECT account, residence, organisation, home, epoch, version FROM directory WHERE version > @p1 "
            + "ORDER BY version LIMIT @p2",
            row => new DirectoryEntry(ReadProfile(row), ReadHome(row, 3), row.GetInt64(4), row.GetInt64(5)),
            version, atMost);

    // Not the counter: a change that found nothing to change has drawn a version that no entry has.
    public static long LastVersion(Sql sql) => sql.Scalar<long>("SELECT max(version) FROM directory");

    public static long NextVersion(Sql sql)
        => sql.Scalar<long>("UPDATE directory_counter SET version = version + 1 RETURNING version");

    public static void Insert(Sql sql, ControlAccount account)
        => sql.Execute(
            $"INSERT INTO directory ({Columns}) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11)",
            account.Id.Value, account.Profile.Residence.Code, account.Profile.Organisation, account.Home?.Value,
            account.Epoch, (int)account.State, account.Version, account.CreatedAt.ToUnixTimeMilliseconds(),
            account.Misplaced, account.Salt, Write(account.Usage));

    /// <returns>False where the account isn't in the state that it should come from: nothing was changed.</returns>
    public static bool SetState(Sql sql, AccountId account, ControlAccountState from, ControlAccountState to)
        => sql.Execute(
            "UPDATE directory SET state = @p1 WHERE account = @p2 AND state = @p3", (int)to, account.Value, (int)from) == 1;

    /// <summary>Tells the directory of an account that its region has made.</summary>
    public static bool Activate(Sql sql, AccountId account)
        => sql.Execute(
            "UPDATE directory SET state = @p1, version = @p2 WHERE account = @p3 AND state = @p4",
            (int)ControlAccountState.Active, NextVersion(sql), account.Value, (int)ControlAccountState.Creating) == 1;

    /// <summary>Takes a home of a newer epoch, and nothing else. What was said of a misplaced account is over with it.</summary>
    /// <returns>False where the entry has this epoch already, or a newer one.</returns>
    public static bool SetHome(Sql sql, AccountId account, RegionName home, long epoch)
        => sql.Execute(
            "UPDATE directory SET home = @p1, epoch = @p2, version = @p3, misplaced = NULL "
            + "WHERE account = @p4 AND epoch < @p2 AND state <> @p5",
            home.Value, epoch, NextVersion(sql), account.Value, (int)ControlAccountState.Erased) == 1;

    /// <summary>Leaves a tombstone. Its epoch is newer than the last home's, so that every replica takes it.</summary>
    public static bool Bury(Sql sql, AccountId account, ControlAccountState from)
        => sql.Execute(
            "UPDATE directory SET state = @p1, home = NULL, epoch = epoch + 1, version = @p2, organisation = NULL, "
            + "misplaced = NULL, salt = @p3, usage = NULL WHERE account = @p4 AND state = @p5",
            (int)ControlAccountState.Erased, NextVersion(sql), Array.Empty<byte>(), account.Value, (int)from) == 1;

    /// <summary>
    /// Forgets the moves of an account that is erased, and with them its salt: nothing here then leads from the account to
    /// the ledger's entries, which stay.
    /// </summary>
    public static void ForgetMoves(Sql sql, AccountId account)
    {
        const string itsMoves = "(SELECT id FROM move WHERE account = @p1)";
        sql.Execute($"DELETE FROM receipt_reencryption WHERE move IN {itsMoves}", account.Value);
        sql.Execute($"DELETE FROM receipt WHERE move IN {itsMoves}", account.Value);
        sql.Execute("DELETE FROM move WHERE account = @p1", account.Value);
    }

    public static void SetUsage(Sql sql, AccountId account, AccountUsage usage)
        => sql.Execute(
            "UPDATE directory SET usage = @p1 WHERE account = @p2 AND state = @p3",
            Write(usage), account.Value, (int)ControlAccountState.Active);

    private static ControlAccount Read(SqlRow row)
        => new(
            ReadProfile(row), ReadHome(row, 3), row.GetInt64(4), (ControlAccountState)row.GetInt32(5), row.GetInt64(6),
            DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(7)), TextOrNull(row, 8), row.GetBytes(9),
            TextOrNull(row, 10) is { } usage ? JsonSerializer.Deserialize(usage, ControlJson.Default.AccountUsage) : null);

    private static AccountProfile ReadProfile(SqlRow row)
        => new(AccountId.Parse(row.GetString(0)), Country.Parse(row.GetString(1)), TextOrNull(row, 2));

    private static RegionName? ReadHome(SqlRow row, int column)
        => row.IsNull(column) ? null : RegionName.Parse(row.GetString(column));

    private static string? TextOrNull(SqlRow row, int column) => row.GetStringOrNull(column);

    private static string? Write(AccountUsage? usage)
        => usage is null ? null : JsonSerializer.Serialize(usage, ControlJson.Default.AccountUsage);
}
