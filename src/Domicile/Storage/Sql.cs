using System.Data.Common;

namespace Domicile.Storage;

/// <summary>
/// Statements on one connection, prepared once and used again. Parameters are named p1, p2, … in the SQL (<c>@p1</c>) and
/// given in that order. Not thread-safe: one user at a time.
/// </summary>
internal sealed class Sql(DbConnection connection) : IDisposable
{
    private readonly Dictionary<string, DbCommand> _prepared = new(StringComparer.Ordinal);

    public DbConnection Connection => connection;

    /// <summary>The transaction that statements run in; null outside of one.</summary>
    public DbTransaction? Transaction { get; set; }

    /// <returns>How many rows the statement changed.</returns>
    public int Execute(string sql, params ReadOnlySpan<object?> arguments) => Prepare(sql, arguments).ExecuteNonQuery();

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
        using var reader = Prepare(sql, arguments).ExecuteReader();
        return reader.Read() && !reader.IsDBNull(0) ? reader.GetFieldValue<T>(0) : default;
    }

    /// <returns>The first row; null where there is none.</returns>
    public T? Single<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<object?> arguments)
        where T : class
    {
        using var reader = Prepare(sql, arguments).ExecuteReader();
        return reader.Read() ? read(reader) : null;
    }

    /// <summary>Gives the rows one by one, whatever their number. <paramref name="use"/> must not run the same statement.</summary>
    public void ForEach(string sql, Action<DbDataReader> use, params ReadOnlySpan<object?> arguments)
    {
        using var reader = Prepare(sql, arguments).ExecuteReader();
        while (reader.Read())
        {
            use(reader);
        }
    }

    public List<T> List<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<object?> arguments)
    {
        using var reader = Prepare(sql, arguments).ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    public void Dispose()
    {
        foreach (var command in _prepared.Values)
        {
            command.Dispose();
        }

        _prepared.Clear();
    }

    private DbCommand Prepare(string sql, ReadOnlySpan<object?> arguments)
    {
        if (!_prepared.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 1; i <= arguments.Length; i++)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = $"@p{i}";
                command.Parameters.Add(parameter);
            }

            _prepared.Add(sql, command);
        }

        Invariant.Check(command.Parameters.Count == arguments.Length);
        for (var i = 0; i < arguments.Length; i++)
        {
            command.Parameters[i].Value = arguments[i] ?? DBNull.Value;
        }

        command.Transaction = Transaction;
        return command;
    }
}
