namespace Domicile.Storage;

/// <summary>
/// The open handles of one account's database: a writer's connection and a few readers'. Made and closed by
/// <see cref="AccountStore"/>, which sees to it that nobody uses it meanwhile. Renting is thread-safe.
/// </summary>
internal sealed class AccountDatabase : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Stack<Sql> _readers = new();
    private Sql? _writer;
    private long? _versionSeen;
    private int _pagesLogged;
    private bool _isClosed;

    private readonly Action<Sql> _check;

    private AccountDatabase(string path, Action<Sql> check)
    {
        FilePath = path;
        _check = check;
        _writer = SqliteEngine.OpenWriter(path, check);
    }

    public string FilePath { get; }

    /// <summary>Whether the writer's next commit is flushed.</summary>
    public bool IsFlushing { get; private set; } = true;

    /// <summary>Used by the account's one writer only.</summary>
    public Sql Writer => _writer ??= SqliteEngine.OpenWriter(FilePath, _check);

    /// <summary>The database's directory, under <paramref name="root"/>, and the file itself are made where they are missing.</summary>
    /// <param name="check">Runs on each connection of the writer before anything is changed; throws to leave all as it is.</param>
    public static AccountDatabase Open(string root, string path, Action<Sql> check)
    {
        if (!File.Exists(path) || new FileInfo(path).Length == 0)
        {
            DurableFile.CreateDirectory(root, Path.GetDirectoryName(path)!);
            DurableFile.CreateOwnerOnly(path).Dispose();
            DurableFile.FlushDirectory(Path.GetDirectoryName(path)!);
        }

        return new AccountDatabase(path, check);
    }

    /// <summary>After an error that leaves its transaction in doubt: the next use of the writer opens a new connection.</summary>
    public void DropWriter()
    {
        if (_writer is { } writer)
        {
            _writer = null;
            _versionSeen = null;
            IsFlushing = true;
            SqliteEngine.Close(writer);
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
                SqliteEngine.Close(sql);
            }
        }
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

        return SqliteEngine.OpenReader(FilePath);
    }

    private void ReturnReader(Sql reader)
    {
        lock (_gate)
        {
            if (!_isClosed && _readers.Count < StorageLimits.PooledReadersMax)
            {
                _readers.Push(reader);
                return;
            }
        }

        SqliteEngine.Close(reader);
    }

    /// <summary>Readers first: the writer, as the last one, takes the log back into the file.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            while (_readers.TryPop(out var reader))
            {
                SqliteEngine.Close(reader);
            }
        }

        DropWriter();
    }
}
