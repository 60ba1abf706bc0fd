using Microsoft.Data.Sqlite;

namespace Domicile.Storage;

/// <summary>
/// Statements on one connection, prepared once and used again. Parameters are named p1, p2, … in the SQL (<c>@p1</c>) and
/// given in that order; they are text, integers, blobs or null. Not thread-safe: one user at a time.
/// </summary>
internal sealed class Sql(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteStatement> _prepared = new(StringComparer.Ordinal);

    public SqliteConnection Connection => connection;

    /// <summary>What the open connection counts for in memory, as its owner last looked.</summary>
    public long KeptBytes { get; set; }

    /// <summary>The connection's transaction, for those who use the connection themselves; null where nobody does.</summary>
    public SqliteTransaction? Transaction { get; set; }

    /// <returns>How many rows the statement changed, if it is one that inserts, updates or deletes.</returns>
    public int Execute(string sql, params ReadOnlySpan<object?> arguments)
    {
        using var run = Prepare(sql, arguments);
        while (run.Next() is not null)
        {
        }

        return run.ChangeCount;
    }

    /// <summary>Runs statements that will hardly be run again: settings, tables.</summary>
    public void ExecuteOnce(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = Transaction;
        command.ExecuteNonQuery();
    }

    /// <returns>The first column of the first row; default where there is no row or it is null.</returns>
    public T? Scalar<T>(string sql, params ReadOnlySpan<object?> arguments)
    {
        using var run = Prepare(sql, arguments);
        return run.Next() is { } row && !row.IsNull(0) ? row.Get<T>(0) : default;
    }

    /// <returns>The first row; null where there is none.</returns>
    public T? Single<T>(string sql, Func<SqlRow, T> read, params ReadOnlySpan<object?> arguments)
        where T : class
    {
        using var run = Prepare(sql, arguments);
        return run.Next() is { } row ? read(row) : null;
    }

    /// <summary>Gives the rows one by one, whatever their number. <paramref name="use"/> must not run the same statement.</summary>
    public void ForEach(string sql, Action<SqlRow> use, params ReadOnlySpan<object?> arguments)
    {
        using var run = Prepare(sql, arguments);
        while (run.Next() is { } row)
        {
            use(row);
        }
    }

    public List<T> List<T>(string sql, Func<SqlRow, T> read, params ReadOnlySpan<object?> arguments)
    {
        using var run = Prepare(sql, arguments);
        var rows = new List<T>();
        while (run.Next() is { } row)
        {
            rows.Add(read(row));
        }

        return rows;
    }

    /// <summary>Ends the statements, not the connection.</summary>
    public void Dispose()
    {
        foreach (var statement in _prepared.Values)
        {
            statement.Dispose();
        }

        _prepared.Clear();
    }

    private SqliteStatement.Run Prepare(string sql, ReadOnlySpan<object?> arguments)
    {
        if (!_prepared.TryGetValue(sql, out var statement))
        {
            statement = new SqliteStatement(connection.Handle!, sql);
            _prepared.Add(sql, statement);
        }

        return statement.Begin(arguments);
    }
}
