using System.Buffers;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Domicile.Storage;

/// <summary>
/// A prepared statement. Microsoft.Data.Sqlite opens connections and names errors; its commands look each parameter up by
/// name and make a reader for each run, which costs as much as SQLite does to insert a small row.
/// https://www.sqlite.org/cintro.html
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private const int ShortTextBytes = 512;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private readonly SqlRow _row;
    private readonly int[] _places;
    private bool _isRunning;

    /// <param name="database">An open connection.</param>
    /// <param name="sql">One statement; its parameters are @p1, @p2, …</param>
    /// <exception cref="SqliteException">It is no statement.</exception>
    public SqliteStatement(sqlite3 database, string sql)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement, out var rest));
        Invariant.Check(string.IsNullOrWhiteSpace(rest));
        _row = new SqlRow(_statement);

        // Parameters are numbered as they appear first, which need not be the order of their names.
        _places = new int[raw.sqlite3_bind_parameter_count(_statement)];
        for (var i = 0; i < _places.Length; i++)
        {
            _places[i] = raw.sqlite3_bind_parameter_index(_statement, $"@p{i + 1}");
        }
    }

    /// <exception cref="InvariantViolatedException">The arguments are more or fewer than the parameters, or it is running.</exception>
    public Run Begin(ReadOnlySpan<object?> arguments)
    {
        Invariant.Check(!_isRunning && arguments.Length == _places.Length);
        for (var i = 0; i < arguments.Length; i++)
        {
            Check(Bind(_places[i], arguments[i]));
        }

        _isRunning = true;
        return new Run(this);
    }

    public void Dispose() => _statement.Dispose();

    private int Bind(int place, object? value)
        => value switch
        {
            null => raw.sqlite3_bind_null(_statement, place),
            string { Length: 0 } => raw.sqlite3_bind_text(_statement, place, ""),
            string text => BindText(place, text),
            long number => raw.sqlite3_bind_int64(_statement, place, number),
            int number => raw.sqlite3_bind_int(_statement, place, number),
            byte[] bytes => BindBytes(place, bytes),
            ReadOnlyMemory<byte> bytes => BindBytes(place, bytes.Span),
            _ => throw new ArgumentException($"SQLite is given no {value.GetType().Name}.", nameof(value)),
        };

    private int BindText(int place, string text)
    {
        var room = Encoding.UTF8.GetMaxByteCount(text.Length);
        var rented = room > ShortTextBytes ? ArrayPool<byte>.Shared.Rent(room) : null;
        var bytes = rented ?? stackalloc byte[ShortTextBytes];
        var outcome = raw.sqlite3_bind_text(_statement, place, bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return outcome;
    }

    // Nothing at no address would be null.
    private int BindBytes(int place, ReadOnlySpan<byte> bytes)
        => bytes.IsEmpty
            ? raw.sqlite3_bind_zeroblob(_statement, place, 0)
            : raw.sqlite3_bind_blob(_statement, place, bytes);

    private void Check(int outcome) => SqliteException.ThrowExceptionForRC(outcome, _database);

    /// <summary>One run of a statement; disposing it ends the run.</summary>
    internal readonly ref struct Run(SqliteStatement statement) : IDisposable
    {
        /// <summary>Of the last statement on the connection that inserted, updated or deleted.</summary>
        public int ChangeCount => raw.sqlite3_changes(statement._database);

        /// <returns>The next row; null after the last.</returns>
        /// <exception cref="SqliteException">What SQLite says of it.</exception>
        public SqlRow? Next()
        {
            var outcome = raw.sqlite3_step(statement._statement);
            statement.Check(outcome);
            return outcome == raw.SQLITE_ROW ? statement._row : null;
        }

        public void Dispose()
        {
            statement._isRunning = false;
            raw.sqlite3_reset(statement._statement);
        }
    }
}
