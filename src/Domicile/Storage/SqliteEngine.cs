using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Domicile.Storage;

/// <summary>
/// What is SQLite's own in the store: opening databases, their settings, and what SQLite's errors mean. See
/// docs/decisions/0002-one-database-file-per-account.md and https://www.sqlite.org/pragma.html.
/// </summary>
internal static class SqliteEngine
{
    // synchronous=FULL: a commit returns when its pages are fsynced. secure_delete: deleted rows are overwritten with zeros.
    // temp_store=MEMORY: sorters, savepoints and VACUUM leave no temporary file. mmap_size=0: a damaged disk is an error
    // code, not a signal. wal_autocheckpoint: a commit that finds 64 MiB of log takes it back into the file itself, if all
    // the checkpoints beside the writer have not; after that the log file shrinks back.
    private const string Settings =
        """
        PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;
        PRAGMA foreign_keys=OFF; PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=16000; PRAGMA journal_size_limit=16777216;
        """;

    // https://www.sqlite.org/c3ref/c_dbstatus_options.html
    private const int DbStatusCacheUsed = 1;
    private const int DbStatusCacheWrite = 9;

    // https://www.sqlite.org/c3ref/c_dbconfig_defensive.html
    private const int DbConfigNoCheckpointOnClose = 1006;

    private const int WriterCacheKiB = 2048;
    private const int ReaderCacheKiB = 512;

    private static readonly Lazy<byte[]> FileOfNew = new(MakeFileOfNew);

    static SqliteEngine() => Batteries_V2.Init();

    /// <summary>The file of an account's database that has its tables and no rows. A copy of it is a new database.</summary>
    public static ReadOnlyMemory<byte> NewFile => FileOfNew.Value;

    /// <summary>
    /// Opens the database for its one writer, makes its tables where it is new (the file exists, maybe empty), and brings an
    /// older one up to date.
    /// </summary>
    /// <param name="check">Runs before anything is changed. If it throws, file and log stay as they are.</param>
    /// <exception cref="StorageUnreadableException">It is damaged or of a newer release.</exception>
    public static Sql OpenWriter(string path, Action<Sql> check)
        => Guard(path, () => Open(path, SqliteOpenMode.ReadWrite, WriterCacheKiB, sql =>
        {
            check(sql);
            Schema.Format.Prepare(sql, path);
        }));

    /// <summary>Opens a connection that can't write. The database exists.</summary>
    /// <param name="check">As with the writer; null where one has run.</param>
    public static Sql OpenReader(string path, Action<Sql>? check = null)
        => Guard(path, () => Open(path, SqliteOpenMode.ReadWrite, ReaderCacheKiB, sql =>
        {
            sql.ExecuteOnce("PRAGMA query_only=ON");
            check?.Invoke(sql);
        }));

    /// <summary>An empty database in memory, with its tables: what a reader sees of an account that isn't here.</summary>
    public static Sql OpenNothing() => Open(":memory:", SqliteOpenMode.Memory, ReaderCacheKiB, sql =>
    {
        Schema.Format.Prepare(sql, ":memory:");
    });

    /// <summary>Opens, or makes, a database of another kind.</summary>
    /// <exception cref="StorageUnreadableException">It is damaged or of a newer release; nothing was changed.</exception>
    public static Sql OpenFile(string path, DatabaseFormat format)
        => Guard(path, () => Open(path, SqliteOpenMode.ReadWriteCreate, ReaderCacheKiB, sql => format.Prepare(sql, path)));

    /// <summary>Whether a transaction is open: some errors roll back all of it, whatever savepoints there were.</summary>
    public static bool IsInTransaction(Sql sql)
        => raw.sqlite3_get_autocommit(sql.Connection.Handle!) == 0;

    /// <summary>
    /// Whether commits are fsynced; without, the log still is before its pages go into the file, so that a crash leaves a
    /// former state and no damage. Not in a transaction. https://www.sqlite.org/pragma.html#pragma_synchronous
    /// </summary>
    public static void SetFlushing(Sql sql, bool isFlushing)
        => sql.Execute(isFlushing ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");

    /// <summary>Bytes of the connection's page cache.</summary>
    public static long CacheBytes(Sql sql)
    {
        raw.sqlite3_db_status(sql.Connection.Handle!, DbStatusCacheUsed, out var bytes, out _, resetFlg: 0);
        return bytes;
    }

    /// <summary>How many pages this connection has written into the log since it was asked last.</summary>
    public static int TakePagesLogged(Sql sql)
    {
        raw.sqlite3_db_status(sql.Connection.Handle!, DbStatusCacheWrite, out var pages, out _, resetFlg: 1);
        return pages;
    }

    /// <summary>
    /// Takes back into the file what of the log no reader keeps from it; the writer goes on meanwhile. Not in a transaction.
    /// https://www.sqlite.org/wal.html#ckpt
    /// </summary>
    /// <returns>Whether it could run: another one may.</returns>
    public static bool Checkpoint(Sql sql) => sql.Scalar<long>("PRAGMA wal_checkpoint(PASSIVE)") == 0;

    /// <summary>The same for all of the log, which is empty afterwards. No reader is there.</summary>
    public static void TakeBackAll(Sql sql) => sql.ExecuteOnce("PRAGMA wal_checkpoint(TRUNCATE)");

    /// <summary>
    /// Rewrites the file from its live rows alone and empties the write-ahead log. Not in a transaction.
    /// </summary>
    /// <returns>False where a reader still uses pages of the log: try again.</returns>
    public static bool Compact(Sql sql)
    {
        sql.ExecuteOnce("VACUUM");
        return sql.Scalar<long>("PRAGMA wal_checkpoint(TRUNCATE)") == 0;
    }

    /// <summary>
    /// Makes the file that a database in memory would be, rows of an open transaction included.
    /// https://www.sqlite.org/c3ref/serialize.html
    /// </summary>
    /// <returns>
    /// False where it doesn't fill <paramref name="file"/> exactly: in an open transaction its header would say another length.
    /// </returns>
    public static bool TryCopyFile(Sql sql, byte[] file)
    {
        var address = raw.sqlite3_serialize(sql.Connection.Handle!, "main", out var lengthBytes, 0);
        try
        {
            if (lengthBytes != file.Length)
            {
                return false;
            }

            Marshal.Copy(address, file, 0, file.Length);

            // A database in memory has no write-ahead log; this one will.
            // https://www.sqlite.org/fileformat.html#file_format_version_numbers
            file[18] = file[19] = 2;
            return true;
        }
        finally
        {
            raw.sqlite3_free(address);
        }
    }

    /// <summary>Runs <paramref name="action"/> and says what SQLite's errors mean here.</summary>
    public static T Guard<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SqliteException fault)
        {
            throw Explain(path, fault);
        }
    }

    /// <summary>The store's own exception for one of SQLite's; the same one where it has no other meaning.</summary>
    public static Exception Explain(string path, Exception fault) => fault switch
    {
        SqliteException { SqliteErrorCode: raw.SQLITE_FULL } => Full(path, fault),
        SqliteException { SqliteErrorCode: raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN } when DiskProbe.IsFull(DirectoryOf(path))
            => Full(path, fault),
        SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB } => new StorageUnreadableException(
            $"Account database '{path}' is damaged ({fault.Message}). Restore the account from another copy.", fault),
        IOException full when DurableFile.IsFull(full) => Full(path, fault),
        _ => fault,
    };

    private static byte[] MakeFileOfNew()
    {
        var sql = OpenNothing();
        try
        {
            var file = new byte[sql.Scalar<long>("PRAGMA page_count") * sql.Scalar<long>("PRAGMA page_size")];
            Invariant.Check(TryCopyFile(sql, file));
            return file;
        }
        finally
        {
            Close(sql);
        }
    }

    // SQLite says FULL where write() says ENOSPC, but IOERR for a quota or where it can't extend its shared-memory file, and
    // CANTOPEN where there is no room for a further file.
    private static StorageFullException Full(string path, Exception fault)
        => new($"Writing database '{path}': {DiskProbe.WhyFull(DirectoryOf(path))}. Nothing was lost.", fault);

    private static string DirectoryOf(string path) => Path.GetDirectoryName(path)!;

    private static Sql Open(string path, SqliteOpenMode mode, int cacheKiB, Action<Sql> prepare)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Cache = SqliteCacheMode.Private,
            Pooling = false,
        }.ToString());
        var sql = new Sql(connection);
        try
        {
            connection.Open();
            SetTakingBack(sql, false);
            sql.ExecuteOnce(Settings);
            sql.ExecuteOnce(string.Create(
                CultureInfo.InvariantCulture,
                $"PRAGMA cache_size=-{cacheKiB}; PRAGMA busy_timeout={StorageLimits.BusyTimeoutMs}"));
            prepare(sql);
            SetTakingBack(sql, true);
            return sql;
        }
        catch
        {
            Close(sql);
            throw;
        }
    }

    /// <summary>
    /// Whether the connection, closed as the last one, takes the log back and deletes it. Not where something is damaged: what
    /// lies there is kept for whoever mends it.
    /// </summary>
    public static void SetTakingBack(Sql sql, bool takesBack)
        => raw.sqlite3_db_config(sql.Connection.Handle!, DbConfigNoCheckpointOnClose, takesBack ? 0 : 1, out _);

    /// <summary>Ends a connection; the last one of a database also ends its write-ahead log.</summary>
    public static void Close(Sql sql)
    {
        sql.Dispose();
        sql.Connection.Dispose();
    }
}
