using System.Collections.Concurrent;
using Domicile.Accounts;
using Domicile.Deployments;

namespace Domicile.Storage;

/// <summary>
/// All accounts of one region on this machine: <c>accounts/ab/ab…/account.db</c> and <c>contents/</c> beside it, so that
/// an account can be erased to the last byte without touching another. One process at a time.
/// </summary>
internal sealed class RegionStorage : IAsyncDisposable
{
    private readonly FileStream _lockFile;
    private readonly ConcurrentDictionary<AccountId, StoreSlot> _slots = new();

    private readonly CancellationTokenSource _closing = new();
    private int _slotsKept = 1024;
    private volatile bool _isClosed;

    private RegionStorage(
        string directory, FileStream lockFile, ICustodian custodian, TimeProvider time, long openBytesMax,
        IWorkers workers, IContentDisk disk, Func<Sql, AccountRow, string>? summarize)
    {
        Summarize = summarize;
        Notes = new AccountNotes(directory);
        StartMarks = StartMarks.Open(
            directory, isNew: !System.IO.Directory.EnumerateDirectories(Path.Combine(directory, "accounts")).Any());
        OpenDatabases = new OpenDatabases(openBytesMax, workers);
        Marks = CommitMarks.Open(directory);
        Workers = workers;
        Disk = disk;
        Directory = directory;
        Custodian = custodian;
        Time = time;
        NewDatabases = new NewDatabases(this);
        _lockFile = lockFile;
    }

    public string Directory { get; }

    public ICustodian Custodian { get; }

    public TimeProvider Time { get; }

    /// <summary>Runs the writers of accounts, and what else goes on by itself in this region.</summary>
    public IWorkers Workers { get; }

    /// <summary>Where contents in files lie.</summary>
    public IContentDisk Disk { get; }

    /// <summary>The accounts whose database is open, within a bound of memory.</summary>
    public OpenDatabases OpenDatabases { get; }

    /// <summary>Makes those of new accounts.</summary>
    public NewDatabases NewDatabases { get; }

    /// <summary>Of accounts whose database is closed.</summary>
    public AccountNotes Notes { get; }

    /// <summary>Which accounts a start must look at.</summary>
    public StartMarks StartMarks { get; }

    /// <summary>Makes of an account's rows what is noted of it when its database is closed; null: nothing.</summary>
    public Func<Sql, AccountRow, string>? Summarize { get; }

    /// <summary>What each account has acknowledged.</summary>
    public CommitMarks Marks { get; }

    /// <summary>What may be under way of what other regions send.</summary>
    public ReceiveRoom ReceiveRoom { get; } = new();

    /// <summary>Bytes that can still be stored here.</summary>
    public long FreeBytes => Room.FreeBytes;

    /// <summary>What the disk says of its room. Looked at each time, which takes microseconds.</summary>
    public DiskRoom Room => DiskRoom.Of(Directory);

    /// <summary>
    /// Whether there is room for more than deletions, which need some too: secure deletion writes what it overwrites to the
    /// log first.
    /// </summary>
    public bool HasRoom
    {
        get
        {
            // A small disk can be full within one.
            var room = Room;
            return room.FreeBytes > Math.Min(StorageLimits.RoomForDeletionsMax, room.TotalBytes / 20)
                && room.FreeFiles is null or > StorageLimits.FilesForDeletions;
        }
    }

    private string AccountsDirectory => Path.Combine(Directory, "accounts");

    /// <summary>Opens a region's directory; makes it where it is new.</summary>
    /// <param name="openBytesMax">What open databases may take; null: <see cref="StorageLimits.OpenBytesMax"/>.</param>
    /// <param name="workers">Null: the thread pool.</param>
    /// <param name="disk">Null: the machine's file system.</param>
    /// <param name="summarize">See <see cref="Summarize"/>.</param>
    /// <exception cref="IOException">Another process has it open.</exception>
    public static RegionStorage Open(
        string regionDirectory, ICustodian custodian, TimeProvider time,
        long? openBytesMax = null, IWorkers? workers = null, IContentDisk? disk = null,
        Func<Sql, AccountRow, string>? summarize = null)
    {
        var directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(regionDirectory));
        System.IO.Directory.CreateDirectory(directory);
        DurableFile.CreateDirectory(directory, Path.Combine(directory, "accounts"));
        FileStream lockFile;
        try
        {
            lockFile = new FileStream(
                Path.Combine(directory, "region.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault)
        {
            throw new IOException(
                $"Region directory '{directory}' is in use by another process ({fault.Message}). Stop that one first.", fault);
        }

        return new RegionStorage(
            directory, lockFile, custodian, time, openBytesMax ?? StorageLimits.OpenBytesMax,
            workers ?? PooledWorkers.Instance, disk ?? ContentDisk.Instance, summarize);
    }

    /// <summary>The account's store; it need not exist yet: the first write that puts its row makes it.</summary>
    public AccountStore Open(AccountId account)
    {
        ThrowIfClosed();
        while (true)
        {
            var slot = _slots.GetOrAdd(account, _ => new StoreSlot());
            if (slot.TryGet(() => new AccountStore(this, account, slot), out var store))
            {
                RemoveDeadSlots();
                return store;
            }
        }
    }

    /// <summary>Null where this region has never heard of the account. Costs no disk access for one in use.</summary>
    /// <exception cref="StorageUnreadableException">What there is, or was, of it can't be opened.</exception>
    public AccountStore? Find(AccountId account)
    {
        var isKnown = _slots.TryGetValue(account, out var slot) && slot.IsAlive;
        if (!isKnown && !HasDatabase(account) && Marks.Find(account) is not { IsHome: true })
        {
            return null;
        }

        var store = Open(account);
        return store.Row is null ? null : store;
    }

    public bool IsOpen(AccountId account) => _slots.TryGetValue(account, out var slot) && slot.Alive is { IsOpen: true };

    /// <summary>What is noted of an account whose database is closed; null where nothing is: open it.</summary>
    public AccountNote? FindNote(AccountId account)
        => IsOpen(account) ? null : Notes.Find(account, Path.Combine(DirectoryOf(account), AccountStore.DatabaseName));

    /// <summary>Whether a database of the account lies here, in whatever state.</summary>
    public bool HasDatabase(AccountId account) => File.Exists(Path.Combine(DirectoryOf(account), AccountStore.DatabaseName));

    /// <summary>Nothing is looked for any more of an account whose database is gone: its store may be made anew.</summary>
    public AccountStore GiveUp(AccountId account)
    {
        Invariant.Check(!HasDatabase(account));
        if (Marks.Find(account) is { } mark)
        {
            Marks.Put(account, mark with { IsHome = false });
        }

        var store = Open(account);
        store.ForgetFault();
        return store;
    }

    /// <summary>
    /// Every account that this region knows, tombstones included, damaged ones too. Directories that can't be listed are
    /// passed over: whoever knows what must be there misses it.
    /// </summary>
    public IEnumerable<AccountId> Accounts()
        => from shard in System.IO.Directory.EnumerateDirectories(AccountsDirectory)
           from directory in ListDirectories(shard)
           where File.Exists(Path.Combine(directory, AccountStore.DatabaseName))
           let id = AccountId.TryParse(Path.GetFileName(directory), out var account) ? account : (AccountId?)null
           where id is not null
           select id.Value;

    /// <summary>
    /// The accounts that a start must look at: first the marked ones, then those whose database a former process did not
    /// close; all where a former release left no marks. Opens none.
    /// </summary>
    public IEnumerable<AccountId> AccountsToLookAt()
        => StartMarks.All.Concat(Accounts().Where(account => !StartMarks.Has(account) && (!StartMarks.IsComplete || HasLog(account))));

    private bool HasLog(AccountId account)
        => File.Exists(Path.Combine(DirectoryOf(account), AccountStore.DatabaseName + DatabaseOpening.LogSuffix));

    /// <summary>Answers what is queued and closes every database. Requests have ended before.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        await _closing.CancelAsync();
        foreach (var slot in _slots.Values)
        {
            if (slot.Alive is { } store)
            {
                await store.CloseAsync();
            }
        }

        NewDatabases.Dispose();
        Notes.Dispose();
        _closing.Dispose();
        Marks.Dispose();
        await _lockFile.DisposeAsync();
    }

    /// <summary>
    /// Lets go of every handle as the death of the process does: nothing is waited for, nobody is answered. For simulations,
    /// where nothing runs at that moment.
    /// </summary>
    internal void Abandon()
    {
        _isClosed = true;
        foreach (var store in OpenDatabases.All)
        {
            // As the log does that a dead process leaves beside each database that it had open.
            StartMarks.Put(store.Account);
            store.Abandon();
        }

        Notes.Abandon();
        Marks.Dispose();
        _lockFile.Dispose();
    }

    private static string[] ListDirectories(string shard)
    {
        try
        {
            return System.IO.Directory.GetDirectories(shard);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Signalled when the storage closes: background work ends where it can go on later.</summary>
    internal CancellationToken Closing => _closing.Token;

    /// <summary>Where all of an account lies. The two characters keep directories small.</summary>
    internal string DirectoryOf(AccountId account)
        => Path.Combine(AccountsDirectory, account.Value[..2], account.Value);

    /// <summary>Those whose names must be durable for the account's files to be: its own and those above it.</summary>
    internal IEnumerable<string> DirectoriesOf(AccountId account)
        => [DirectoryOf(account), Path.GetDirectoryName(DirectoryOf(account))!, AccountsDirectory];

    internal void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_isClosed, this);

    // Now and then, so that its cost is spread over the opens that made it needed.
    private void RemoveDeadSlots()
    {
        if (_slots.Count <= Volatile.Read(ref _slotsKept) * 2)
        {
            return;
        }

        foreach (var (account, slot) in _slots)
        {
            if (slot.TryRetire())
            {
                _slots.TryRemove(KeyValuePair.Create(account, slot));
            }
        }

        Volatile.Write(ref _slotsKept, Math.Max(1024, _slots.Count));
    }
}
