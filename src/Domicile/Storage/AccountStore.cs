using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Deployments;
using Microsoft.Data.Sqlite;

namespace Domicile.Storage;

/// <summary>
/// One account's database and contents in this region. One writer commits what is waiting as one transaction (group
/// commit); readers see what was committed when they began. There is one such object per account, as long as anyone has it;
/// its database is opened when it is needed and closed when others need the room. Thread-safe.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The region closes its stores; whoever else has one must not.")]
internal sealed partial class AccountStore
{
    /// <summary>Of the database's file; beside it lie its log and what SQLite shares between connections.</summary>
    public const string DatabaseName = "account.db";

    private readonly RegionStorage _region;
    private readonly StoreSlot _slot;
    private readonly WriteQueue _queue;
    private readonly Holds _holds = new();
    private readonly ContentDiscards _discards;

    // Guards everything below. Nothing waits under it but the opening of this account's own database.
    private readonly Lock _gate = new();
    private AccountDatabase? _database;
    private bool _isLoaded;
    private StorageUnreadableException? _fault;
    private long _faultAt;
    private long? _logCheckedAt;
    private int _users;
    private bool _isUsed;

    // Whether the note that there was when the database was opened still holds, unless something was committed since.
    private bool _isNotedAsOpened;
    private long _commitCountAsOpened;

    // As it was made last, and of which commit.
    private (long CommitCount, string Text)? _summary;
    private AccountRow? _row;
    private IReadOnlyList<byte[]> _wrapped = [];
    private KeyRing? _ring;

    // Let go of while a reader may still have used them; whoever had one last ends it, at the latest destroying the key does.
    private readonly List<WeakReference<AccountKey>> _keysLetGo = [];
    private long _commitCount;
    private HashSet<TaskCompletionSource> _waiting = [];

    public AccountStore(RegionStorage region, AccountId account, StoreSlot slot)
    {
        Account = account;
        Directory = region.DirectoryOf(account);
        _region = region;
        _slot = slot;
        _queue = new WriteQueue(region.Workers, Commit);
        _discards = new ContentDiscards(this, _holds, region.Workers, region.Closing);
        Contents = new ContentFiles(this, region);
    }

    public AccountId Account { get; }

    /// <summary>Where all that the region has of the account lies.</summary>
    public string Directory { get; }

    /// <summary>The account's contents in files.</summary>
    public ContentFiles Contents { get; }

    /// <summary>The row as last committed; null where the region knows nothing of the account. Costs no disk access.</summary>
    public AccountRow? Row
    {
        get
        {
            lock (_gate)
            {
                Load();
                return _row;
            }
        }
    }

    /// <summary>The account's keys as last committed; null where there is none, or no more.</summary>
    public KeyRing? Ring
    {
        get
        {
            lock (_gate)
            {
                Load();
                return UnwrappedRing();
            }
        }
    }

    /// <summary>Whether something may lie under another key than the newest.</summary>
    public bool HasFormerKeys
    {
        get
        {
            lock (_gate)
            {
                Load();
                return _wrapped.Count > 1;
            }
        }
    }

    /// <summary>Counts commits; a ticket for <see cref="ChangedSince"/>.</summary>
    public long CommitCount
    {
        get
        {
            lock (_gate)
            {
                return _commitCount;
            }
        }
    }

    /// <summary>Whether its database is open.</summary>
    public bool IsOpen => Volatile.Read(ref _database) is not null;

    /// <summary>Whether the region knows nothing of the account, nor ever did.</summary>
    public bool IsNothingHere
    {
        get
        {
            lock (_gate)
            {
                return _database is null && _fault is null && !File.Exists(DatabasePath) && _region.Marks.Find(Account) is null;
            }
        }
    }

    private string DatabasePath => Path.Combine(Directory, DatabaseName);

    /// <summary>
    /// Completes when a commit later than the one seen by <paramref name="seen"/> has happened. Pushing streams and waiting
    /// requests live on it. Take the ticket first, then look, then wait.
    /// </summary>
    public async Task ChangedSince(long seen, CancellationToken cancellationToken)
    {
        // Continuations run elsewhere: the writer goes on. One for each waiter, who so decides where.
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_commitCount > seen)
            {
                return;
            }

            _waiting.Add(changed);
            HoldInMemory();
        }

        await using var given = cancellationToken.UnsafeRegister(
            static (one, token) => ((TaskCompletionSource)one!).TrySetCanceled(token), changed);
        try
        {
            await changed.Task;
        }
        finally
        {
            lock (_gate)
            {
                _waiting.Remove(changed);
                HoldInMemory();
            }
        }
    }

    /// <summary>
    /// Runs <paramref name="work"/> in a transaction, with others that wait, and returns when it is durable. If it throws,
    /// its changes are undone and the others' are not. Work must be quick: it holds the account's only writer.
    /// Cancelled before the work begins, nothing happens; later, the outcome is told all the same.
    /// </summary>
    /// <exception cref="StorageFullException">The disk is full; nothing was changed.</exception>
    public Task<T> WriteAsync<T>(Func<AccountTransaction, T> work, CancellationToken cancellationToken)
        => EnqueueAsync(new PendingWork<T>(work, isFlushed: true, cancellationToken), cancellationToken);

    /// <summary>
    /// The same for what can be had again: returns when it is committed, and durable it becomes with the next
    /// <see cref="WriteAsync"/> that changes something. Until then a crash of the machine, not of the process, may undo it
    /// and all that was written in this way before it; what it leaves is some state that the account was in.
    /// </summary>
    /// <exception cref="StorageFullException">The disk is full; nothing was changed.</exception>
    public Task<T> WriteUnflushedAsync<T>(Func<AccountTransaction, T> work, CancellationToken cancellationToken)
        => EnqueueAsync(new PendingWork<T>(work, isFlushed: false, cancellationToken), cancellationToken);

    /// <summary>Runs a query on a snapshot. Synchronous: SQLite's reads are.</summary>
    public T Read<T>(Func<Sql, T> query)
    {
        var database = Use(create: false);
        if (database is null)
        {
            var nothing = SqliteEngine.OpenNothing();
            try
            {
                return query(nothing);
            }
            finally
            {
                SqliteEngine.Close(nothing);
            }
        }

        try
        {
            return SqliteEngine.Guard(DatabasePath, () => ReadSnapshot(database, query));
        }
        finally
        {
            EndUse();
        }
    }

    /// <summary>
    /// Whoever found nothing asks whether that is so: SQLite doesn't check a log again that it has in use, and takes what another
    /// program has written over it for rows, or for none. Looked at each <see cref="StorageLimits.DamageRemembered"/> at most.
    /// </summary>
    /// <exception cref="StorageUnreadableException">The log is not what was written. File and log are left as they lie.</exception>
    public void CheckLog()
    {
        lock (_gate)
        {
            var now = _region.Time.GetTimestamp();
            if (_database is null || (_logCheckedAt is { } at && _region.Time.GetElapsedTime(at, now) < StorageLimits.DamageRemembered))
            {
                return;
            }

            _logCheckedAt = now;
        }

        if (IsLogAsWritten())
        {
            return;
        }

        lock (_gate)
        {
            if (_users == 0)
            {
                Close(isNoted: false, asItLies: true);
                _isLoaded = false;
                Load(); // Looks at what lies there, and says what is wrong with it.
                return;
            }

            _logCheckedAt = null;
        }

        throw new StorageUnreadableException($"Another program has written into account {Account}'s log '{DatabasePath}"
            + $"{DatabaseOpening.LogSuffix}' while it was in use.")
        {
            Next = "Find out which, and keep it out. The account's next request says what is left.",
        };
    }

    private bool IsLogAsWritten()
    {
        try
        {
            var known = Row?.Commits ?? 0;
            if (Read(sql => AccountRows.FindProgress(sql, Account)) is not { Item1: var seen } || seen < known)
            {
                return false;
            }

            // Between two looks the log may have begun anew.
            var path = DatabasePath + DatabaseOpening.LogSuffix;
            return IsAsWritten(WriteAheadLog.Examine(path)) || IsAsWritten(WriteAheadLog.Examine(path));
        }
        catch (StorageUnreadableException)
        {
            return false;
        }
    }

    // While it is in use there is no torn end, but where commits have failed or were not flushed.
    private bool IsAsWritten(LogState log) => (!_hasLogged || log.Frames > 0) && (log.CommitsBehind == 0 || _hasUnflushed);

    /// <summary>
    /// What <see cref="RegionStorage.Summarize"/> makes of the rows; made once for each commit. The region has one.
    /// </summary>
    public string Summarize()
    {
        long seen;
        lock (_gate)
        {
            if (_summary is { } known && known.CommitCount == _commitCount)
            {
                return known.Text;
            }

            // Before the snapshot: what is committed between the two makes the summary a former one, which is made anew.
            seen = _commitCount;
        }

        var text = Read(sql => _region.Summarize!(sql, AccountRows.Find(sql, Account)!));
        lock (_gate)
        {
            _summary = (seen, text);
        }

        return text;
    }

    /// <summary>A hold that erasing waits for and then cuts; take it before the state is checked, and give it back.</summary>
    public Holds.Hold HoldOpen() => _holds.Open(this);

    /// <summary>Completes when every hold that is open now has ended.</summary>
    public Task HoldsOpenNowEndedAsync(CancellationToken cancellationToken)
        => _holds.OpenNowEnded().WaitAsync(cancellationToken);

    /// <summary>Waits until those who hold the copy now have ended; cuts them when the patience is over, and waits again.</summary>
    /// <param name="cutMax">How long those who were cut may take to end.</param>
    /// <returns>How many ended by themselves and how many were cut; null where some are still there.</returns>
    public async Task<HoldsEnd?> EndHoldsAsync(TimeSpan patience, TimeSpan cutMax, CancellationToken cancellationToken)
    {
        var open = _holds.Count;
        var ended = _holds.OpenNowEnded();
        if (await CompletesAsync(ended, patience, cancellationToken))
        {
            return new HoldsEnd(open, 0);
        }

        var cut = _holds.Cut();
        return await CompletesAsync(ended, cutMax, cancellationToken) ? new HoldsEnd(Math.Max(0, open - cut), cut) : null;
    }

    /// <summary>Draws the account's key, in a transaction that made its row: for a new account or an erased one.</summary>
    public void CreateKey(AccountTransaction transaction) => PutRing(transaction, [], new KeyRing(AccountKey.Draw()));

    /// <summary>Takes over the keys that came with an account.</summary>
    /// <param name="keys">As <see cref="KeyRing.OfMoved"/> reads them; copied.</param>
    /// <exception cref="InvalidDataException">They are no keys.</exception>
    public void ImportKeys(AccountTransaction transaction, ReadOnlySpan<byte> keys)
        => PutRing(transaction, [], KeyRing.OfMoved(keys));

    /// <summary>
    /// Draws another key, under which all is written from this commit on; those of before stay for what lies under them.
    /// </summary>
    public void AddKey(AccountTransaction transaction)
    {
        var (wrapped, ring) = transaction.Ring!;
        PutRing(transaction, wrapped, new KeyRing([AccountKey.Draw(), .. ring.Keys]));
    }

    /// <summary>Destroys all keys but the newest. Nothing lies under them, and nobody reads what lay under them.</summary>
    public void DestroyFormerKeys(AccountTransaction transaction)
    {
        var (wrapped, ring) = transaction.Ring!;
        PutRing(transaction, [wrapped[0]], new KeyRing(ring.Newest));
    }

    /// <summary>Destroys the account's keys: no content of it can be read from then on, wherever its bytes went.</summary>
    public void DestroyKey(AccountTransaction transaction)
    {
        Invariant.Check(transaction.Account == Account);
        transaction.PutRing(null);
    }

    /// <summary>Whether this process knows no key of the account any more: none is stored, and none is in its memory.</summary>
    public bool HasForgottenKey
    {
        get
        {
            lock (_gate)
            {
                Load();
                return _wrapped.Count == 0 && _ring is null
                    && _keysLetGo.All(one => !one.TryGetTarget(out var key) || key.IsDestroyed);
            }
        }
    }

    /// <summary>How many rows of an account <see cref="DeleteSomeRows"/> would delete.</summary>
    public static long CountRows(Sql sql, AccountId account) => AccountWipe.Count(sql, account);

    /// <summary>Deletes every row of the account but its own and the records of moves; attempts keep their id and epoch.</summary>
    public void DeleteAllRows(AccountTransaction transaction)
    {
        while (DeleteSomeRows(transaction, int.MaxValue) > 0)
        {
        }
    }

    /// <summary>The same in pieces, for an account too large for one transaction.</summary>
    /// <returns>How many rows went; 0 when none is left.</returns>
    public int DeleteSomeRows(AccountTransaction transaction, int atMost)
    {
        Invariant.Check(transaction.Account == Account && atMost > 0);
        return AccountWipe.DeleteSome(transaction, atMost);
    }

    /// <summary>
    /// After the rows are gone: deletes every content file and draft, and rewrites the database so that no former row is left
    /// in a free page or in the log. Nobody holds the account open. Safe to repeat.
    /// </summary>
    /// <exception cref="IOException">A reader did not end in time, or a file could not be deleted: repeat.</exception>
    public async Task ScrubAsync(CancellationToken cancellationToken)
    {
        Contents.DeleteAll();
        _region.Notes.Forget(Account);
        for (var attempt = 1; attempt <= StorageLimits.ScrubAttemptsMax; attempt++)
        {
            // While one checkpoint runs SQLite refuses another at once, whatever the busy timeout (sqlite3_wal_checkpoint_v2).
            await Volatile.Read(ref _checkpoint).WaitAsync(cancellationToken);
            if (await EnqueueAsync(new PendingUpkeep<bool>(SqliteEngine.Compact, cancellationToken), cancellationToken))
            {
                return;
            }
        }

        throw new IOException($"Scrubbing account {Account}: readers still use its former pages. End them and scrub again.");
    }

    /// <summary>At the start: deletes drafts, files that no row names, and files that a crash kept from being deleted.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        await _discards.DeleteDueAsync(cancellationToken);
        Contents.DeleteOrphans(ids => Read(sql => FindNamed(sql, ids)));
    }

    /// <summary>Whether its database was used since this was asked last.</summary>
    public bool TakeUsed()
    {
        lock (_gate)
        {
            var isUsed = _isUsed;
            _isUsed = false;
            return isUsed;
        }
    }

    /// <summary>
    /// Closes the database if nobody uses it, and nobody who has the copy is about to; the next use opens it again.
    /// </summary>
    /// <returns>False where someone does.</returns>
    public bool TryRest()
    {
        if (!_gate.TryEnter())
        {
            return false;
        }

        try
        {
            if (_users > 0 || !_queue.IsIdle || _holds.Count > 0 || _discards.IsRunning)
            {
                return false;
            }

            Close();
            return true;
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Answers what is queued and closes the database. No new use may begin.</summary>
    public async Task CloseAsync()
    {
        await _queue.DrainAsync();
        await _discards.EndAsync();
        await _queue.DrainAsync();
        await _checkpoint;
        lock (_gate)
        {
            Close();
        }

        _queue.Dispose();
    }

    /// <summary>
    /// Sets room aside for what a move's last steps write here, so that a disk that fills meanwhile doesn't hold the account up.
    /// Its database is open.
    /// </summary>
    /// <returns>False where there is none.</returns>
    public bool TryReserveWayBack()
    {
        var log = DatabasePath + DatabaseOpening.LogSuffix;
        return !File.Exists(log) || _region.Disk.TryReserve(log, StorageLimits.WayBackBytes);
    }

    /// <summary>Gives a whole database that lies elsewhere its place. Its name is not flushed yet.</summary>
    /// <returns>False where there is something of the account already: nothing has changed.</returns>
    public bool TryPlace(string file)
    {
        lock (_gate)
        {
            if (!IsNothingHere)
            {
                return false;
            }

            SmallFile.CreateDirectory(Directory);
            File.Move(file, DatabasePath, overwrite: true);
            _isLoaded = false;
            return true;
        }
    }

    /// <summary>
    /// What was placed is on stable storage: it is marked as acknowledged, unless somebody has written since, and noted as if
    /// it had been closed, unless somebody has opened it.
    /// </summary>
    public void SetPlaced(AccountRow row, string? summary)
    {
        lock (_gate)
        {
            if (_region.Marks.Find(Account) is null)
            {
                _region.Marks.Put(Account, CommitMark.Of(row, hasUnflushed: false));
            }

            if (_database is null && summary is not null)
            {
                _region.Notes.Put(Account, NoteOf(row, summary), DatabasePath);
            }
        }
    }

    /// <summary>What kept it from being opened has changed.</summary>
    public void ForgetFault()
    {
        lock (_gate)
        {
            _fault = null;
            HoldInMemory();
        }
    }

    /// <summary>See <see cref="RegionStorage.Abandon"/>.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            Close(isNoted: false);
        }
    }

    /// <summary>A start has looked at the account: its mark goes, unless it is still needed.</summary>
    public async Task LookedAtAsync(CancellationToken cancellationToken)
    {
        if (_region.StartMarks.Has(Account))
        {
            // A commit of nothing: the writer decides about marks.
            await WriteAsync(_ => true, cancellationToken);
        }
    }

    private HashSet<string> FindNamed(Sql sql, IReadOnlyList<string> ids)
        => [.. ids.Where(id => sql.Scalar<long>(
            "SELECT 1 FROM content WHERE account = @p1 AND content = @p2", Account.Value, id) != 0)];

    private static T ReadSnapshot<T>(AccountDatabase database, Func<Sql, T> query)
        => database.RunBeside(sql =>
        {
            sql.Execute("BEGIN");
            var result = query(sql);
            sql.Execute("COMMIT");
            return result;
        });

    private async Task<T> EnqueueAsync<T>(PendingWrite<T> pending, CancellationToken cancellationToken)
    {
        await _queue.EnqueueAsync(pending, cancellationToken);
        return await pending.Told;
    }

    // Those at the end of the ring are wrapped already: wrapped once, their bytes stay.
    private void PutRing(AccountTransaction transaction, IReadOnlyList<byte[]> wrapped, KeyRing ring)
    {
        Invariant.Check(transaction.Account == Account);
        var fresh = ring.Keys[..^wrapped.Count];
        var all = new List<byte[]>();
        Span<byte> plain = stackalloc byte[AccountKey.LengthBytes];
        foreach (var key in fresh)
        {
            key.CopyTo(plain);
            all.Add(_region.Custodian.Wrap(Account, plain));
        }

        CryptographicOperations.ZeroMemory(plain);
        transaction.PutRing(new StoredRing([.. all, .. wrapped], ring));
    }

    private async Task<bool> CompletesAsync(Task task, TimeSpan atMost, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(atMost, _region.Time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    // :: The handles

    /// <summary>Opens the database where it is closed. The caller ends its use.</summary>
    private AccountDatabase? Use(bool create)
    {
        lock (_gate)
        {
            if (_database is null && !Open(create))
            {
                return null;
            }

            _users++;
            _isUsed = true;
            return _database;
        }
    }

    private void EndUse()
    {
        lock (_gate)
        {
            _users--;
        }
    }

    private bool Open(bool create)
    {
        _region.ThrowIfClosed();
        if (_fault is { } fault && _region.Time.GetElapsedTime(_faultAt) < StorageLimits.DamageRemembered)
        {
            throw new StorageUnreadableException(fault.Message, fault) { Next = fault.Next };
        }

        // A note that is there before the file is opened is of the file as it was closed.
        _isNotedAsOpened = _region.Summarize is not null && _region.Notes.Find(Account, DatabasePath) is { Summary: not null };
        try
        {
            _database = SqliteEngine.Guard(DatabasePath, () => DatabaseOpening.Run(_region, Account, create));
            _fault = null;
        }
        catch (StorageUnreadableException damaged)
        {
            (_fault, _faultAt) = (damaged, _region.Time.GetTimestamp());
            HoldInMemory();
            throw;
        }

        if (_database is null)
        {
            _isLoaded = true;
            return false;
        }

        _isUsed = true;
        _commitCountAsOpened = _commitCount;
        HoldInMemory();
        _region.OpenDatabases.Add(this);
        return true;
    }

    // Through a reader: the writer's connection may be in use.
    private void Load()
    {
        if (_isLoaded || (_database is null && !Open(create: false)))
        {
            return;
        }

        try
        {
            (_row, _wrapped) = SqliteEngine.Guard(DatabasePath, () => ReadSnapshot(
                _database!, sql => (AccountRows.Find(sql, Account), AccountRows.FindKeys(sql, Account))));
        }
        catch (Exception rotten) when (rotten is FormatException or ArgumentException or InvalidCastException)
        {
            throw new StorageUnreadableException(
                $"The row of account {Account} in '{DatabasePath}' is damaged ({rotten.Message}). Restore it from another copy.",
                rotten);
        }

        LetGoOfRing();
        _isLoaded = true;
    }

    /// <param name="isNoted">Whether what the rows say is noted for who asks while it is closed.</param>
    /// <param name="asItLies">It is damaged: nothing of the log is taken back into it.</param>
    private void Close(bool isNoted = true, bool asItLies = false)
    {
        var note = isNoted ? TryMakeNote() : null;
        if (isNoted)
        {
            MarkIfDiscardsAreDue();
        }

        if (asItLies)
        {
            _database?.DisposeAsItLies();
        }
        else
        {
            _database?.Dispose();
        }

        (_database, _hasLogged) = (null, false);
        if (note is not null)
        {
            _region.Notes.Put(Account, note, DatabasePath);
        }

        ForgetUnflushed();
        LetGoOfRing();
        HoldInMemory();
    }

    // Files that could not be deleted yet: the next start does it, if no commit has before.
    private void MarkIfDiscardsAreDue()
    {
        try
        {
            if (_database is not null && _isLoaded && _row is not null && ReadSnapshot(_database, _discards.AreDue))
            {
                _region.StartMarks.Put(Account);
            }
        }
        catch (Exception fault) when (fault is SqliteException or IOException)
        {
            // The rows are still there: the next commit looks at them.
        }
    }

    private AccountNote? TryMakeNote()
    {
        if (_region.Summarize is not { } summarize || _database is null || !_isLoaded || _row is not { } row
            || (_isNotedAsOpened && _commitCount == _commitCountAsOpened))
        {
            return null;
        }

        try
        {
            var summary = _summary is { } known && known.CommitCount == _commitCount ? known.Text
                : row.Versions <= StorageLimits.VersionsSummedMax ? ReadSnapshot(_database, sql => summarize(sql, row)) : null;
            return NoteOf(row, summary);
        }
        catch (Exception fault) when (fault is SqliteException or IOException)
        {
            // Whoever reads the account next meets the trouble, and is told.
            return null;
        }
    }

    private static AccountNote NoteOf(AccountRow row, string? summary)
        => new(row.State, row.Epoch, row.Seq, row.Peer, row.Move, row.HasData, summary);

    // The region knows its stores weakly. One with open handles or with waiters must not be made a second time.
    // Nor one that can't be opened, whose log would be read again by whoever asks.
    private void HoldInMemory()
        => _slot.Held = _database is not null || _waiting.Count > 0 || _fault is not null ? this : null;

    private StoredRing? FindRing()
    {
        lock (_gate)
        {
            Load();
            return UnwrappedRing() is { } ring ? new StoredRing(_wrapped, ring) : null;
        }
    }

    private KeyRing? UnwrappedRing()
    {
        if (_ring is null && _wrapped.Count > 0)
        {
            var keys = new AccountKey[_wrapped.Count];
            Span<byte> plain = stackalloc byte[AccountKey.LengthBytes];
            for (var i = 0; i < keys.Length; i++)
            {
                _region.Custodian.Unwrap(Account, _wrapped[i], plain);
                keys[i] = new AccountKey(plain);
            }

            CryptographicOperations.ZeroMemory(plain);
            _ring = new KeyRing(keys);
        }

        return _ring;
    }

    private void LetGoOfRing()
    {
        if (_ring is { } ring)
        {
            _keysLetGo.RemoveAll(one => !one.TryGetTarget(out _));
            foreach (var key in ring.Keys)
            {
                _keysLetGo.Add(new WeakReference<AccountKey>(key, trackResurrection: true));
            }

            _ring = null;
        }
    }

    // A commit has put other keys, or none, in their place: those that are no more end, in whichever object they are.
    private void ReplaceRing(StoredRing? stored)
    {
        LetGoOfRing();
        foreach (var former in _keysLetGo)
        {
            if (former.TryGetTarget(out var key) && stored?.Ring.Has(key) != true)
            {
                key.Dispose();
            }
        }

        _keysLetGo.RemoveAll(one => !one.TryGetTarget(out var key) || key.IsDestroyed);
        (_wrapped, _ring) = (stored?.Wrapped ?? [], stored?.Ring);
    }
}

/// <summary>How those who held a copy ended.</summary>
/// <param name="Ended">By themselves.</param>
/// <param name="Cut">Because erasing waited no longer.</param>
internal sealed record HoldsEnd(long Ended, long Cut);
