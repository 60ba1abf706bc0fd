using System.Data.Common;
using Domicile.Control;
using Domicile.Storage;
using Microsoft.Data.Sqlite;
using Xunit;
using static Domicile.Tests.Control.TestControl;

namespace Domicile.Tests.Control;

public sealed class ControlDatabaseTests : IDisposable
{
    private static readonly DatabaseFormat Things = new("Things", ["CREATE TABLE thing (name TEXT PRIMARY KEY)"], []);

    // A page of 4 KiB and its frame's header.
    private const long PageInLogBytes = 4096 + 24;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("domicile-database-");

    private long LogBytes => new FileInfo(DatabasePath + "-wal").Length;

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
    public async Task Writers_at_once_lose_nothing()
    {
        using var database = ControlDatabase.Open(DatabasePath, Things);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => database.WriteAsync(
            sql => sql.Execute("INSERT INTO thing (name) VALUES (@p1)", $"{i}"), Cancelled))));

        Assert.Equal(20, database.Read(sql => sql.Scalar<long>("SELECT COUNT(*) FROM thing")));
    }

    /// <summary>
    /// Goal: writes that wait for each other cost one flush. Method: the writer is lent out until a hundred wait; each commit
    /// writes whole pages into the log, so the log's length says how many there were.
    /// </summary>
    [Fact]
    public async Task Writes_that_wait_become_one_commit_and_one_that_throws_takes_no_other_with_it()
    {
        using var database = ControlDatabase.Open(DatabasePath, Things);
        var before = LogBytes;
        var writes = new List<Task<int>>();
        Task<int>? broken = null;
        await database.UseWriterAsync(
            _ =>
            {
                for (var i = 0; i < 100; i++)
                {
                    writes.Add(AddAsync(database, $"{i}"));
                }

                broken = database.WriteAsync<int>(
                    sql =>
                    {
                        sql.Execute("INSERT INTO thing (name) VALUES (@p1)", "undone");
                        throw new TimeoutException();
                    },
                    Cancelled);
                writes.Add(AddAsync(database, "after it"));
                return Task.FromResult(true);
            },
            Cancelled);

        await Task.WhenAll(writes);
        await Assert.ThrowsAsync<TimeoutException>(() => broken!);
        Assert.Equal(101, database.Read(sql => sql.Scalar<long>("SELECT COUNT(*) FROM thing")));
        Assert.InRange(LogBytes - before, 1, 10 * PageInLogBytes);
    }

    [Fact]
    public async Task A_write_that_is_cancelled_before_it_begins_does_nothing()
    {
        using var database = ControlDatabase.Open(DatabasePath, Things);
        using var stop = new CancellationTokenSource();
        await database.UseWriterAsync(
            async _ =>
            {
                var cancelled = database.WriteAsync(sql => sql.Execute("INSERT INTO thing (name) VALUES ('never')"), stop.Token);
                await stop.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
                return true;
            },
            Cancelled);

        await AddAsync(database, "later");
        Assert.Equal(1, database.Read(sql => sql.Scalar<long>("SELECT COUNT(*) FROM thing")));
    }

    [Fact]
    public async Task An_emptied_log_waits_for_readers_of_what_is_in_it_and_lets_others_write()
    {
        using var database = ControlDatabase.Open(DatabasePath, Things);
        await AddAsync(database, "before");
        await database.UseReaderAsync(async reader =>
        {
            await using var snapshot = ((SqliteConnection)reader).BeginTransaction(deferred: true);
            Assert.Equal(1L, await CountAsync(reader, snapshot));
            await AddAsync(database, "while it reads");

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
            var emptying = database.EmptyLogAsync(limit.Token);
            await AddAsync(database, "while it waits");
            Assert.False(emptying.IsCompleted, "It says that the log is empty while a reader needs it.");

            await limit.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => emptying);
            Assert.Equal(1L, await CountAsync(reader, snapshot));
            return true;
        });
        Assert.NotEqual(0, LogBytes);

        await database.EmptyLogAsync(Cancelled);

        Assert.Equal(0, LogBytes);
    }

    [Fact]
    public async Task A_log_that_a_crash_left_is_emptied_at_the_next_start()
    {
        var crashed = ControlDatabase.Open(DatabasePath, Things);
        await AddAsync(crashed, "kept");
        Assert.NotEqual(0, LogBytes);

        using var again = ControlDatabase.Open(DatabasePath, Things);

        Assert.Equal(0, LogBytes);
        Assert.Equal(1, again.Read(sql => sql.Scalar<long>("SELECT COUNT(*) FROM thing")));
        crashed.Dispose();
    }

    private static Task<int> AddAsync(ControlDatabase database, string name)
        => database.WriteAsync(sql => sql.Execute("INSERT INTO thing (name) VALUES (@p1)", name), Cancelled);

    private static async Task<object?> CountAsync(DbConnection reader, DbTransaction snapshot)
    {
        await using var count = reader.CreateCommand();
        count.Transaction = snapshot;
        count.CommandText = "SELECT COUNT(*) FROM thing";
        return await count.ExecuteScalarAsync(Cancelled);
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
