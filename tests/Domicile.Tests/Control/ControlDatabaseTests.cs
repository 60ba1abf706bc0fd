using Domicile.Control;
using Xunit;
using static Domicile.Tests.Control.TestControl;

namespace Domicile.Tests.Control;

public sealed class ControlDatabaseTests : IDisposable
{
    private static readonly SchemaPart Things = new("things", 1, ["CREATE TABLE thing (name TEXT PRIMARY KEY)"]);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("domicile-database-");

    private string DatabasePath => Path.Combine(_directory.FullName, ControlDatabase.FileName);

    [Fact]
    public async Task What_was_written_is_there_after_a_restart_and_what_threw_is_not()
    {
        using (var database = ControlDatabase.Open(DatabasePath, Things))
        {
            await database.WriteAsync(sql => sql.Execute("INSERT INTO thing (name) VALUES (@p1)", "kept"), Cancelled);
            await Assert.ThrowsAsync<TimeoutException>(() => database.WriteAsync<int>(
                sql =>
                {
                    sql.Execute("INSERT INTO thing (name) VALUES (@p1)", "undone");
                    throw new TimeoutException();
                },
                Cancelled));
        }

        using var again = ControlDatabase.Open(DatabasePath, Things);
        Assert.Equal("kept", Assert.Single(again.Read(sql => sql.List("SELECT name FROM thing", row => row.GetString(0)))));
        Assert.Null(again.CheckIntegrity());
    }

    [Fact]
    public void A_database_of_a_newer_version_is_refused()
    {
        ControlDatabase.Open(DatabasePath, Things with { Version = 2 }).Dispose();

        var refused = Assert.Throws<InvalidDataException>(() => ControlDatabase.Open(DatabasePath, Things));

        Assert.Contains("version 2", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writers_at_once_lose_nothing()
    {
        using var database = ControlDatabase.Open(DatabasePath, Things);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => database.WriteAsync(
            sql => sql.Execute("INSERT INTO thing (name) VALUES (@p1)", $"{i}"), Cancelled))));

        Assert.Equal(20, database.Read(sql => sql.Scalar<long>("SELECT COUNT(*) FROM thing")));
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
