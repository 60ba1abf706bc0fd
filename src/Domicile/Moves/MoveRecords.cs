using System.Text.Json;
using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>Moves in control's database.</summary>
/// <param name="read">Runs a query on a snapshot.</param>
/// <param name="write">Runs statements in a transaction that is durable when it returns.</param>
internal sealed class MoveRecords(
    Func<Func<Sql, object?>, object?> read, Func<Func<Sql, object?>, CancellationToken, Task<object?>> write) : IMoveRecords
{
    /// <summary>The tables, for the database to make. open: the account while the move is open, else null; unique.</summary>
    public static readonly IReadOnlyList<string> Schema =
    [
        """
        CREATE TABLE move (
          id TEXT PRIMARY KEY, account TEXT NOT NULL, open_account TEXT, requested_ms BIGINT NOT NULL,
          version BIGINT NOT NULL, document BLOB NOT NULL)
        """,
        "CREATE UNIQUE INDEX move_open ON move (open_account)",
        "CREATE INDEX move_requested ON move (requested_ms)",
    ];

    public Move? Find(Guid id)
        => (Move?)read(sql => sql.Single("SELECT version, document FROM move WHERE id = @p1", Read, id.ToString()));

    public Move? FindOpen(AccountId account)
        => (Move?)read(sql => sql.Single("SELECT version, document FROM move WHERE open_account = @p1", Read, account.Value));

    public IReadOnlyList<Move> ListOpen()
        => (List<Move>)read(sql => sql.List(
            "SELECT version, document FROM move WHERE open_account IS NOT NULL ORDER BY requested_ms, id", Read))!;

    public IReadOnlyList<Move> List(int atMost)
        => (List<Move>)read(sql => sql.List(
            "SELECT version, document FROM move ORDER BY requested_ms DESC, id DESC LIMIT @p1", Read, atMost))!;

    public async Task<Move?> AddAsync(Move move, CancellationToken cancellationToken)
        => (Move?)await write(sql => Add(sql, move), cancellationToken);

    public async Task<bool> SaveAsync(Move before, Move after, CancellationToken cancellationToken)
        => (bool)(await write(sql => Save(sql, before, after), cancellationToken))!;

    /// <summary>How many moves are over.</summary>
    public static long CountEnded(Sql sql) => sql.Scalar<long>("SELECT COUNT(*) FROM move WHERE open_account IS NULL");

    /// <summary>Moves that are over, newest first.</summary>
    public static IReadOnlyList<Move> ListEnded(Sql sql, int atMost)
        => sql.List(
            "SELECT version, document FROM move WHERE open_account IS NULL ORDER BY requested_ms DESC, id DESC LIMIT @p1", Read, atMost);

    /// <summary>Moves that were asked for before this one, newest first.</summary>
    public static IReadOnlyList<Move> ListBefore(Sql sql, Guid id, int atMost)
        => sql.List(
            $"SELECT version, document FROM move WHERE {IsBefore} ORDER BY requested_ms DESC, id DESC LIMIT @p2",
            Read, id.ToString(), atMost);

    /// <summary>How many they are.</summary>
    public static long CountBefore(Sql sql, Guid id)
        => sql.Scalar<long>($"SELECT COUNT(*) FROM move WHERE {IsBefore}", id.ToString());

    private const string IsBefore = "(requested_ms, id) < (SELECT requested_ms, id FROM move WHERE id = @p1)";

    private static Move? Add(Sql sql, Move move)
    {
        var added = sql.Execute(
            """
            INSERT INTO move (id, account, open_account, requested_ms, version, document)
            VALUES (@p1, @p2, @p2, @p3, 1, @p4) ON CONFLICT DO NOTHING
            """,
            move.Id.ToString(), move.Account.Value, move.RequestedAt.ToUnixTimeMilliseconds(), Bytes(move));
        return added == 1
            ? null
            : sql.Single("SELECT version, document FROM move WHERE open_account = @p1", Read, move.Account.Value);
    }

    private static object Save(Sql sql, Move before, Move after)
    {
        // By the version and not by the document: another release writes the same move in other bytes.
        Invariant.Check(before.Version > 0 && before.Id == after.Id && (!before.IsOver || after.IsOver));
        return sql.Execute(
            "UPDATE move SET document = @p2, open_account = @p3, version = version + 1 WHERE id = @p1 AND version = @p4",
            before.Id.ToString(), Bytes(after), after.IsOver ? null : after.Account.Value, before.Version) == 1;
    }

    private static byte[] Bytes(Move move) => JsonSerializer.SerializeToUtf8Bytes(move, MovesJson.Default.Move);

    private static Move Read(SqlRow row)
        => JsonSerializer.Deserialize(row.GetBytes(1), MovesJson.Default.Move)! with { Version = row.GetInt64(0) };
}
