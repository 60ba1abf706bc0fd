using System.Globalization;
using System.Text;
using SQLitePCL;

namespace Domicile.Storage;

/// <summary>A row of a query's answer. It is there until the next one is asked for.</summary>
internal sealed class SqlRow(sqlite3_stmt statement)
{
    public int ColumnCount => raw.sqlite3_column_count(statement);

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public long GetInt64(int column) => raw.sqlite3_column_int64(statement, column);

    public int GetInt32(int column) => checked((int)GetInt64(column));

    public byte GetByte(int column) => checked((byte)GetInt64(column));

    /// <summary>Empty where it is null.</summary>
    // Through the blob: a text may have a NUL in it, and this is told its length.
    public string GetString(int column) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(statement, column));

    public string? GetStringOrNull(int column) => IsNull(column) ? null : GetString(column);

    /// <summary>Empty where it is null.</summary>
    public byte[] GetBytes(int column) => raw.sqlite3_column_blob(statement, column).ToArray();

    public byte[]? GetBytesOrNull(int column) => IsNull(column) ? null : GetBytes(column);

    /// <summary>What the column has, by its type; null where it is null.</summary>
    public object? GetValue(int column)
        => raw.sqlite3_column_type(statement, column) switch
        {
            raw.SQLITE_NULL => null,
            raw.SQLITE_INTEGER => GetInt64(column),
            raw.SQLITE_FLOAT => raw.sqlite3_column_double(statement, column),
            raw.SQLITE_TEXT => GetString(column),
            _ => GetBytes(column),
        };

    /// <param name="column">Not null.</param>
    public T Get<T>(int column)
        => typeof(T) == typeof(string) ? (T)(object)GetString(column)
            : typeof(T) == typeof(byte[]) ? (T)(object)GetBytes(column)
            : typeof(T) == typeof(long) || typeof(T) == typeof(long?) ? (T)(object)GetInt64(column)
            : throw new NotSupportedException(string.Create(CultureInfo.InvariantCulture, $"A column as {typeof(T).Name}."));
}
