using System.Globalization;
using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Simulation.Checks;

/// <summary>All rows of an account as its database has them, by an enumeration of our own and not the copier's.</summary>
internal sealed class Dump
{
    private static readonly (string Table, string Columns, string Order)[] Tables =
    [
        ("bucket", "name, seq, created_ms, versioning, tags", "name"),
        ("version", "bucket, name, born, version_id, seq, latest, marker, modified_ms, size, etag, document", "bucket, name, born"),
        ("upload", "bucket, name, upload, seq, initiated_ms, document", "bucket, name, upload"),
        ("part", "upload, number, seq, size, etag, modified_ms, document", "upload, number"),
        ("credential", "access_key, seq, created_ms, label, hex(secret)", "access_key"),
        ("content", "content, seq, length, refs, coalesce(length(inline), -1)", "content"),
    ];

    private readonly List<string> _rows = [];

    /// <summary>Contents whose bytes lie in files: id and plain length.</summary>
    public List<(string Id, long LengthBytes)> Files { get; } = [];

    public int Versions { get; private set; }

    public int Count => _rows.Count;

    public static Dump Of(Sql sql, AccountId account)
    {
        var dump = new Dump();
        foreach (var (table, columns, order) in Tables)
        {
            sql.ForEach(
                $"SELECT {columns} FROM {table} WHERE account = @p1 ORDER BY {order}", row => dump.Take(table, row), account.Value);
        }

        return dump;
    }

    public IEnumerable<string> Without(Dump other) => _rows.Except(other._rows, StringComparer.Ordinal);

    public bool IsSameAs(Dump other) => _rows.SequenceEqual(other._rows);

    private void Take(string table, SqlRow row)
    {
        var values = new string[row.ColumnCount];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = row.IsNull(i) ? "-" : Convert.ToString(row.GetValue(i), CultureInfo.InvariantCulture)!;
        }

        _rows.Add($"{table} {string.Join(' ', values)}");
        if (table == "version")
        {
            Versions++;
        }
        else if (table == "content" && values[^1] == "-1")
        {
            Files.Add((values[0], row.GetInt64(2)));
        }
    }
}
