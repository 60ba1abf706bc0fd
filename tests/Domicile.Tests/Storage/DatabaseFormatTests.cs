using Domicile.Control;
using Domicile.Moves;
using Domicile.Storage;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Domicile.Tests.Storage;

public sealed class DatabaseFormatTests : IDisposable
{
    private static readonly DatabaseFormat First = new("Things", ["CREATE TABLE thing (name TEXT PRIMARY KEY)"], []);

    // The same file's next two versions: one changes every row, one adds a table.
    private static readonly DatabaseFormat Third = new(
        "Things",
        ["CREATE TABLE thing (name TEXT PRIMARY KEY, length INTEGER)", "CREATE TABLE more (name TEXT)"],
        ["ALTER TABLE thing ADD COLUMN length INTEGER", "UPDATE thing SET length = length(name); CREATE TABLE more (name TEXT)"]);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("domicile-formats-");

    private string At => Path.Combine(_directory.FullName, "things.db");

    public static TheoryData<string> Kinds => ["account.db", ControlDatabase.FileName, RegionDirectory.FileName];

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void An_older_file_becomes_what_a_new_one_is_and_keeps_its_rows()
    {
        Fill(At, "kept");

        using var upgraded = Opened(At, Third);
        using var made = Opened(At + ".new", Third);

        Assert.Equal([4L], upgraded.Sql.List("SELECT length FROM thing", row => (object)row.GetInt64(0)));
        Assert.Equal(Version(made.Sql), Version(upgraded.Sql));
        Assert.Equal(Tables(made.Sql), Tables(upgraded.Sql));
    }

    // Goal: a death in the middle of an upgrade loses nothing, and the upgrade begins again.
    // Method: its statements run by hand, in a transaction so large that pages of it are in the log before its end; a copy of the
    // files of then is what a dead process leaves.
    [Fact]
    public void An_upgrade_that_died_in_the_middle_begins_again()
    {
        Fill(At, [.. Enumerable.Range(0, 2000).Select(i => $"{i:d8}")]);
        var dead = Path.Combine(_directory.FullName, "dead.db");
        using (var dying = Opened(At, First))
        {
            dying.Sql.ExecuteOnce("PRAGMA cache_size=4");
            dying.Sql.Execute("BEGIN IMMEDIATE");
            Third.Upgrades.ToList().ForEach(dying.Sql.ExecuteOnce);
            dying.Sql.ExecuteOnce("PRAGMA user_version=3");
            File.Copy(At, dead);
            File.Copy(At + "-wal", dead + "-wal");
            Assert.True(new FileInfo(dead + "-wal").Length > 0);
            dying.Sql.Execute("ROLLBACK");
        }

        using (var old = Opened(dead, First))
        {
            Assert.Equal(1, Version(old.Sql));
        }

        using var upgraded = Opened(dead, Third);
        Assert.Equal(3, Version(upgraded.Sql));
        Assert.Equal(2000, upgraded.Sql.Scalar<long>("SELECT COUNT(*) FROM thing WHERE length = 8"));
    }

    [Fact]
    public void An_upgrade_that_fails_at_a_later_step_changes_nothing()
    {
        Fill(At, "kept");
        var failing = Third with { Upgrades = [Third.Upgrades[0], "INSERT INTO missing (name) VALUES ('x')"] };

        Assert.Throws<SqliteException>(() => Opened(At, failing));

        using var old = Opened(At, First);
        Assert.Equal(1, Version(old.Sql));
        Assert.Equal(0, old.Sql.Scalar<long>("SELECT COUNT(*) FROM pragma_table_info('thing') WHERE name = 'length'"));
    }

    // Goal: a newer file stays as it is, to the byte, and its log too; the words say which file, which format, and what to do.
    // Method: the file lies there with a log that nobody has taken back, as after a crash.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_newer_file_is_refused_and_stays_as_it_is(string kind)
    {
        var path = Path.Combine(_directory.FullName, kind);
        var newer = FormatOf(kind).Version + 1;
        using (var writer = Opened(At, FormatOf(kind)))
        {
            writer.Sql.ExecuteOnce($"PRAGMA user_version={newer}");
            File.Copy(At, path);
            File.Copy(At + "-wal", path + "-wal");
        }

        var (file, log) = (File.ReadAllBytes(path), File.ReadAllBytes(path + "-wal"));
        Assert.NotEmpty(log);

        var refused = Assert.Throws<StorageUnreadableException>(() => Open(kind, path));

        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.Contains($"format {newer}", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"up to {newer - 1}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("newer build", refused.WithNext, StringComparison.Ordinal);
        Assert.Equal(file, File.ReadAllBytes(path));
        Assert.Equal(log, File.ReadAllBytes(path + "-wal"));
    }

    private static DatabaseFormat FormatOf(string kind) => kind switch
    {
        ControlDatabase.FileName => ControlSchema.Format,
        RegionDirectory.FileName => RegionDirectory.Format,
        _ => Schema.Format,
    };

    private void Open(string kind, string path)
    {
        switch (kind)
        {
            case ControlDatabase.FileName:
                ControlDatabase.Open(path).Dispose();
                break;
            case RegionDirectory.FileName:
                RegionDirectory.Open(_directory.FullName, []).Dispose();
                break;
            default:
                SqliteEngine.Close(SqliteEngine.OpenWriter(path, _ => { }));
                break;
        }
    }

    private static void Fill(string path, params string[] names)
    {
        using var file = Opened(path, First);
        foreach (var name in names)
        {
            file.Sql.Execute("INSERT INTO thing (name) VALUES (@p1)", name);
        }
    }

    private static long Version(Sql sql) => sql.Scalar<long>("PRAGMA user_version");

    private static List<string> Tables(Sql sql)
        => sql.List("SELECT name FROM sqlite_schema ORDER BY name", row => row.GetString(0));

    private static OpenFile Opened(string path, DatabaseFormat format) => new(SqliteEngine.OpenFile(path, format));

    private sealed class OpenFile(Sql sql) : IDisposable
    {
        public Sql Sql => sql;

        public void Dispose() => SqliteEngine.Close(sql);
    }
}
