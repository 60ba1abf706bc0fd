using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Domicile.Deployments;
using Domicile.Storage;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Domicile.Control;

/// <summary>
/// Control's database, <c>DIR/control/control.db</c>: directory, policy, moves and ledger, no content and no object name.
/// Writes that wait for each other become one transaction, each in a savepoint of its own, and return when it is durable;
/// readers see what was committed when they began.
/// </summary>
internal sealed class ControlDatabase : IDisposable
{
    public const string FileName = "control.db";

    private const int ReadersIdleMax = 8;
    private const int BusyTimeoutMs = 10_000;
    private const int LogBusyTimeoutMs = 100;
    private const int LogRetryMs = 100;

    private readonly string _connectionString;
    private readonly Sql _writer;
    private readonly SemaphoreSlim _oneWriter = new(1, 1);
    private readonly ConcurrentQueue<ControlWrite> _waiting = new();
    private readonly ConcurrentBag<Sql> _readersIdle = [];

    static ControlDatabase() => Batteries_V2.Init();

    private ControlDatabase(string path)
    {
        Path = path;
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();
        _writer = Connect();
    }

    public string Path { get; }

    /// <summary>Bytes that its disk can still take.</summary>
    public DiskRoom Room => DiskRoom.Of(Directory);

    public long FreeBytes => Room.FreeBytes;

    private string Directory => System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;

    /// <summary>Opens the database, or makes it.</summary>
    /// <param name="format">Control's own, but for tests.</param>
    /// <exception cref="StorageUnreadableException">It is of a newer release; nothing was changed.</exception>
    public static ControlDatabase Open(string path, DatabaseFormat? format = null)
    {
        var database = new ControlDatabase(path);
        try
        {
            SqliteEngine.SetTakingBack(database._writer, false);
            (format ?? ControlSchema.Format).Prepare(database._writer, path);
            SqliteEngine.SetTakingBack(database._writer, true);

            // A crash may have kept an erasure from it. If somebody reads the file just now, the next erasure does it.
            database.TryEmptyLog();
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Runs the work in a transaction, with others that wait, and returns when it is durable. If it throws, nothing of it
    /// stays, and the others' does. Work must be quick and must not wait. Cancelled before it begins, nothing happens; later,
    /// the outcome is told all the same.
    /// </summary>
    public async Task<T> WriteAsync<T>(Func<Sql, T> work, CancellationToken cancellationToken)
    {
        var write = new ControlWrite<T>(work);
        _waiting.Enqueue(write);
        try
        {
            await _oneWriter.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!write.TryCancel(cancellationToken))
        {
            // Somebody else has it in his transaction.
            return await write.Told;
        }

        try
        {
            CommitWaiting();
        }
        finally
        {
            _oneWriter.Release();
        }

        return await write.Told;
    }

    /// <summary>Runs a query on a snapshot. Synchronous: SQLite's reads are.</summary>
    public T Read<T>(Func<Sql, T> query)
    {
        var reader = _readersIdle.TryTake(out var idle) ? idle : Connect();
        using var transaction = reader.Connection.BeginTransaction(deferred: true);
        try
        {
            return query(reader);
        }
        finally
        {
            transaction.Rollback();
            Keep(reader);
        }
    }

    /// <summary>Lends the writer's connection, outside of a transaction, to work that brings its own.</summary>
    public async Task<T> UseWriterAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await _oneWriter.WaitAsync(cancellationToken);
        try
        {
            return await work(_writer.Connection);
        }
        finally
        {
            _oneWriter.Release();
        }
    }

    /// <summary>Lends a reader's connection, outside of a transaction.</summary>
    public async Task<T> UseReaderAsync<T>(Func<DbConnection, Task<T>> query)
    {
        var reader = _readersIdle.TryTake(out var idle) ? idle : Connect();
        try
        {
            return await query(reader.Connection);
        }
        finally
        {
            Keep(reader);
        }
    }

    /// <summary>
    /// Moves the write-ahead log into the database file and empties it, so that what was deleted is on no page of either.
    /// Waits for readers whose snapshots need the log; between its tries others may write.
    /// </summary>
    public async Task EmptyLogAsync(CancellationToken cancellationToken)
    {
        while (!await UseWriterAsync(_ => Task.FromResult(TryEmptyLog()), cancellationToken))
        {
            await Task.Delay(LogRetryMs, cancellationToken);
        }
    }

    /// <returns>Null if the file is whole, else what SQLite found.</returns>
    public string? CheckIntegrity()
        => Read(sql => sql.Scalar<string>("PRAGMA quick_check(1)")) is var answer and not "ok" ? answer : null;

    public void Dispose()
    {
        while (_readersIdle.TryTake(out var reader))
        {
            Close(reader);
        }

        Close(_writer);
        _oneWriter.Dispose();
    }

    // As long as SQLite waits for readers here, nobody can write.
    private bool TryEmptyLog()
    {
        _writer.Execute($"PRAGMA busy_timeout = {LogBusyTimeoutMs}");
        try
        {
            return _writer.Scalar<long>("PRAGMA wal_checkpoint(TRUNCATE)") == 0;
        }
        finally
        {
            _writer.Execute($"PRAGMA busy_timeout = {BusyTimeoutMs}");
        }
    }

    // Whoever has the writer's turn takes along all who wait for it: they find theirs done.
    [SuppressMessage("Design", "CA1031", Justification = "The fault goes to each of the writes' callers.")]
    private void CommitWaiting()
    {
        var batch = new List<ControlWrite>();
        while (batch.Count < ControlLimits.WritesPerCommitMax && _waiting.TryDequeue(out var next))
        {
            if (next.TryBegin())
            {
                batch.Add(next);
            }
        }

        if (batch.Count == 0)
        {
            return;
        }

        try
        {
            Transact(sql =>
            {
                batch.ForEach(write => Attempt(sql, write));
                return true;
            });
            batch.ForEach(write => write.Complete());
        }
        catch (Exception fault)
        {
            var explained = SqliteEngine.Explain(Path, fault);
            batch.ForEach(write => write.Fail(explained));
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The fault goes to the write's own caller.")]
    private void Attempt(Sql sql, ControlWrite write)
    {
        sql.Execute("SAVEPOINT one");
        try
        {
            write.Run(sql);
        }
        catch (Exception fault) when (SqliteEngine.IsInTransaction(sql))
        {
            sql.Execute("ROLLBACK TO one");
            write.Fail(SqliteEngine.Explain(Path, fault));
        }

        sql.Execute("RELEASE one");
    }

    private T Transact<T>(Func<Sql, T> work)
    {
        // Immediate: the writer's lock is taken at once, not at the first write, where it could fail half-way.
        using var transaction = _writer.Connection.BeginTransaction(deferred: false);
        _writer.Transaction = transaction;
        try
        {
            var result = work(_writer);
            transaction.Commit();
            return result;
        }
        finally
        {
            _writer.Transaction = null;
        }
    }

    private Sql Connect()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        var sql = new Sql(connection);
        sql.Execute($"PRAGMA busy_timeout = {BusyTimeoutMs}");
        sql.Scalar<string>("PRAGMA journal_mode = WAL");
        sql.Execute("PRAGMA synchronous = FULL");
        sql.Scalar<long>("PRAGMA secure_delete = ON");
        return sql;
    }

    private void Keep(Sql reader)
    {
        if (_readersIdle.Count < ReadersIdleMax)
        {
            _readersIdle.Add(reader);
        }
        else
        {
            Close(reader);
        }
    }

    private static void Close(Sql sql)
    {
        var connection = sql.Connection;
        sql.Dispose();
        connection.Dispose();
    }
}
