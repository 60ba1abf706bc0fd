namespace Domicile.Storage;

/// <summary>
/// The open handles of one account's database: a writer's connection and a few readers'. Made and closed by
/// <see cref="AccountStore"/>, which sees to it that nobody uses it meanwhile. Renting is thread-safe.
/// </summary>
internal sealed class AccountDatabase : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Stack<Sql> _readers = new();
    private readonly Action<Sql> _check;
    private readonly Action<long> _count;
    private Sql? _writer;
    private long? _versionSeen;
    private int _pagesLogged;
    private bool _isClosed;
    private bool _isKept;

    private AccountDatabase(string path, Action<Sql> check, Action<long> count) => (FilePath, _check, _count) = (path, check, count);

    public string FilePath { get; }

    /// <summary>Whether the writer's next commit is flushed.</summary>
    public bool IsFlushing { get; private set; } = true;

    /// <summary>Used by the account's one writer only. Opened when it is needed: most accounts are only read.</summary>
    public Sql Writer => _writer ??= Counted(SqliteEngine.OpenWriter(FilePath, _check));

    /// <summary>
    /// The database's directory, under <paramref name="root"/>, and the file itself are made where they are missing, and one
    /// of an older release is brought up to date.
    /// </summary>
    /// <param name="check">Runs on a connection before anything is changed; throws to leave all as it is.</param>
    /// <param name="count">Told how many bytes of memory the open database takes more or less than before.</param>
    public static AccountDatabase Open(string root, string path, Action<Sql> check, Action<long> count)
    {
        var database = new AccountDatabase(path, check, count);
        try
        {
            if (!IsMade(root, path) || !database.IsGood())
            {
                // Nobody reads yet: tables change under no prepared statement.
                database.CloseReaders();
                _ = database.Writer;
            }

            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>After an error that leaves its transaction in doubt: the next use of the writer opens a new connection.</summary>
    public void DropWriter()
    {
        if (_writer is { } writer)
        {
            _writer = null;
            _versionSeen = null;
            IsFlushing = true;
            Close(writer);
        }
    }

    /// <summary>
    /// Before the writer's transaction: whether its commit, and with it all before, is on stable storage when it returns.
    /// </summary>
    public void SetFlushing(bool isFlushing)
    {
        if (IsFlushing != isFlushing)
        {
            SqliteEngine.SetFlushing(Writer, isFlushing);
            IsFlushing = isFlushing;
        }
    }

    /// <summary>
    /// In the writer's transaction: whether it is certain that nobody but this writer has committed since it was asked last.
    /// https://www.sqlite.org/pragma.html#pragma_data_version
    /// </summary>
    public bool IsUntouched()
    {
        var version = Writer.Scalar<long>("PRAGMA data_version");
        var isUntouched = _versionSeen == version;
        _versionSeen = version;
        return isUntouched;
    }

    /// <summary>After a commit: whether so much has been logged since it last said so that a checkpoint is due.</summary>
    public bool IsCheckpointDue()
    {
        Recount(Writer);
        _pagesLogged += SqliteEngine.TakePagesLogged(Writer);
        if (_pagesLogged < StorageLimits.CheckpointPages)
        {
            return false;
        }

        _pagesLogged = 0;
        return true;
    }

    /// <summary>
    /// Runs work on a reader's connection, beside the writer. Never waits: where all pooled readers are busy, it opens one more.
    /// </summary>
    public T RunBeside<T>(Func<Sql, T> work)
    {
        var sql = RentReader();
        var isWhole = false;
        try
        {
            var result = work(sql);
            isWhole = true;
            return result;
        }
        finally
        {
            if (isWhole)
            {
                ReturnReader(sql);
            }
            else
            {
                Close(sql);
            }
        }
    }

    // The check first, whatever tables there are: a connection that is let go of after it takes the log back.
    /// <returns>Whether the tables are the newest.</returns>
    private bool IsGood()
    {
        var isUpToDate = false;
        ReturnReader(Counted(SqliteEngine.OpenReader(FilePath, sql =>
        {
            _check(sql);
            isUpToDate = Schema.Format.IsNewest(sql);
        })));
        return isUpToDate;
    }

    private Sql RentReader()
    {
        lock (_gate)
        {
            if (_readers.TryPop(out var reader))
            {
                return reader;
            }
        }

        return Counted(SqliteEngine.OpenReader(FilePath));
    }

    private void ReturnReader(Sql reader)
    {
        Recount(reader);
        lock (_gate)
        {
            if (!_isClosed && _readers.Count < StorageLimits.PooledReadersMax)
            {
                _readers.Push(reader);
                return;
            }
        }

        Close(reader);
    }

    /// <returns>Whether it was there; else it is now, with its tables.</returns>
    private static bool IsMade(string root, string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: > 0 })
        {
            return true;
        }

        DurableFile.CreateDirectory(root, Path.GetDirectoryName(path)!);
        DurableFile.Replace(path, SqliteEngine.NewFile.Span);
        return false;
    }

    private Sql Counted(Sql sql)
    {
        sql.KeptBytes = StorageLimits.ConnectionBytes;
        _count(sql.KeptBytes);
        return sql;
    }

    // Its page cache has grown, or shrunk. A look costs less than a tenth of a microsecond.
    private void Recount(Sql sql)
    {
        var before = sql.KeptBytes;
        sql.KeptBytes = StorageLimits.ConnectionBytes + SqliteEngine.CacheBytes(sql);
        if (sql.KeptBytes != before)
        {
            _count(sql.KeptBytes - before);
        }
    }

    /// <summary>Closes it and leaves file and log as they lie, for whoever mends them.</summary>
    public void DisposeAsItLies()
    {
        _isKept = true;
        Dispose();
    }

    private void Close(Sql sql)
    {
        if (_isKept)
        {
            SqliteEngine.SetTakingBack(sql, false);
        }

        SqliteEngine.Close(sql);
        _count(-sql.KeptBytes);
    }

    /// <summary>Readers first: the writer, as the last one, takes the log back into the file.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
        }

        CloseReaders();
        DropWriter();
    }

    private void CloseReaders()
    {
        lock (_gate)
        {
            while (_readers.TryPop(out var reader))
            {
                Close(reader);
            }
        }
    }
}
