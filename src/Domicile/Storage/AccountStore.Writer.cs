using System.Diagnostics.CodeAnalysis;
using Domicile.Accounts;
using Microsoft.Data.Sqlite;

namespace Domicile.Storage;

/// <summary>The account's one writer: the queue runs it on one task at a time.</summary>
internal sealed partial class AccountStore
{
    private volatile bool _isOnlyWriter;

    // Whether the mark says so already.
    private bool _hasUnflushed;

    // Whether the log holds something of this process's.
    private volatile bool _hasLogged;

    // The writer alone begins it; who ends the writer waits for it, and who scrubs.
    private Task _checkpoint = Task.CompletedTask;

    /// <summary>
    /// Whether all that has been committed since this was last set to true was committed here. Set by a write, from within
    /// its transaction. A new connection, as after a restart or a failed commit, can't know, and says no.
    /// </summary>
    public bool IsOnlyWriter
    {
        get => _isOnlyWriter;
        set => _isOnlyWriter = value;
    }

    [SuppressMessage("Design", "CA1031", Justification = "The fault goes to each of the batch's callers.")]
    private void Commit(IReadOnlyList<PendingWrite> batch)
    {
        AccountDatabase? database = null;
        try
        {
            database = Use(create: true);
            database!.SetFlushing(batch.Any(work => work.IsFlushed));
            if (batch[0].IsAlone)
            {
                RunAlone(database.Writer, batch[0]);
            }
            else
            {
                CommitBatch(database, batch);
            }
        }
        catch (Exception fault)
        {
            ForgetTransaction(database);
            var explained = SqliteEngine.Explain(DatabasePath, fault);
            foreach (var work in batch)
            {
                work.Fail(explained);
            }
        }
        finally
        {
            if (database is not null)
            {
                EndUse();
            }
        }
    }

    private void RunAlone(Sql sql, PendingWrite work)
    {
        if (work.IsCancelled)
        {
            work.Fail(new OperationCanceledException());
            return;
        }

        _hasLogged = false; // It may end the log.
        work.RunAlone(sql);
        work.Complete();
    }

    private void CommitBatch(AccountDatabase database, IReadOnlyList<PendingWrite> batch)
    {
        var sql = database.Writer;
        AccountRow? row;
        lock (_gate)
        {
            Load();
            row = _row;
        }

        // :: Step 1: each work in a savepoint of its own.
        sql.Execute("BEGIN IMMEDIATE");
        _isOnlyWriter &= database.IsUntouched();
        var commitsKnown = row is null ? _region.Marks.Find(Account)?.Commits ?? 0 : 0;
        var transaction = new AccountTransaction(sql, Account, row, commitsKnown, FindRing, _region.Time);
        var done = batch.Where(work => Attempt(transaction, work)).ToList();
        if (done.Count == 0)
        {
            sql.Execute("ROLLBACK");
            return;
        }

        // :: Step 2: the digest, once for all; the mark for the next start, if it is needed; then all of it becomes durable.
        transaction.Finish();
        var isPending = IsPending(transaction);
        if (isPending)
        {
            _region.StartMarks.Put(Account);
        }

        NoteUnflushed(isFlushing: database.IsFlushing);
        _region.Disk.BeforeCommit(database.FilePath, database.IsFlushing);
        try
        {
            sql.Execute("COMMIT");
        }
        catch
        {
            // Its frames may be in the log in part, and what follows them is no sign of damage: nobody was told of this one.
            NoteUnflushed(isFlushing: false, isMarkFlushed: false);
            throw;
        }

        _hasLogged = true;
        if (!isPending && database.IsFlushing)
        {
            _region.StartMarks.Remove(Account);
        }

        // :: Step 3: only now is anyone told, and before that the mark.
        if (database.IsFlushing && transaction is { HasChangedRow: true, Row: { } now })
        {
            _region.Marks.Put(Account, CommitMark.Of(now, _hasUnflushed));
        }

        Publish(transaction);
        foreach (var work in done)
        {
            work.Complete();
        }

        // :: Step 4: files of contents that were dropped, and the log when it has grown, go in the background.
        _discards.AfterCommit(sql);
        if (database.IsCheckpointDue() && _checkpoint.IsCompleted)
        {
            _checkpoint = _region.Workers.Run(Checkpoint);
        }
    }

    // Whether the next start must look at the account: see RegionNode.ResumeAsync, which does. From when a move is prepared, so
    // that no write waits for the mark once it is sealed.
    private bool IsPending(AccountTransaction transaction)
        => transaction.Row is { Move: not null } or { Pulling: not null }
            or { HasData: true, State: AccountState.None or AccountState.Departed }
            || (transaction.RingChange is { } change ? change.Ring?.Wrapped.Count : _wrapped.Count) > 1;

    // Once for a log: a crash may leave holes in it from now on, which are no damage. That must be known before they can be.
    private void NoteUnflushed(bool isFlushing, bool isMarkFlushed = true)
    {
        if (!isFlushing && !_hasUnflushed)
        {
            _hasUnflushed = true;
            if (_region.Marks.Find(Account) is { } mark)
            {
                _region.Marks.Put(Account, mark with { HasUnflushed = true }, isFlushed: isMarkFlushed);
            }
        }
    }

    // The log has gone with the last connection: the next one begins whole.
    private void ForgetUnflushed()
    {
        if (_hasUnflushed && !File.Exists(DatabasePath + DatabaseOpening.LogSuffix))
        {
            _hasUnflushed = false;
            if (_region.Marks.Find(Account) is { } mark)
            {
                _region.Marks.Put(Account, mark with { HasUnflushed = false });
            }
        }
    }

    // Beside the writer: a checkpoint waits for the disk, twice.
    private void Checkpoint()
    {
        try
        {
            var database = Use(create: false);
            if (database is null)
            {
                return;
            }

            try
            {
                database.RunBeside(SqliteEngine.Checkpoint);
            }
            finally
            {
                EndUse();
            }
        }
        catch (Exception fault) when (fault is SqliteException or IOException or ObjectDisposedException)
        {
            // The log keeps what it has. A later checkpoint takes it, and the disk's trouble meets the writer as well.
        }
    }

    /// <returns>Whether it is part of the commit; if not, its caller has been told why.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "The fault goes to the work's own caller.")]
    private bool Attempt(AccountTransaction transaction, PendingWrite work)
    {
        if (work.IsCancelled)
        {
            work.Fail(new OperationCanceledException());
            return false;
        }

        transaction.Begin();
        transaction.Sql.Execute("SAVEPOINT work");
        try
        {
            work.Run(transaction);
            transaction.Sql.Execute("RELEASE work");
            return true;
        }
        catch (Exception fault) when (SqliteEngine.IsInTransaction(transaction.Sql))
        {
            transaction.Sql.Execute("ROLLBACK TO work");
            transaction.Sql.Execute("RELEASE work");
            transaction.Undo();
            work.Fail(SqliteEngine.Explain(DatabasePath, fault));
            return false;
        }
    }

    private void Publish(AccountTransaction transaction)
    {
        HashSet<TaskCompletionSource> waiting;
        lock (_gate)
        {
            _row = transaction.Row;
            if (transaction.RingChange is { } change)
            {
                ReplaceRing(change.Ring);
            }

            _commitCount++;
            waiting = _waiting;
            _waiting = [];
        }

        foreach (var one in waiting)
        {
            one.TrySetResult();
        }
    }

    // After a failed commit nobody knows what the connection thinks: the next use opens another and reads what the file says.
    private void ForgetTransaction(AccountDatabase? database)
    {
        database?.DropWriter();
        lock (_gate)
        {
            _isLoaded = false;
        }
    }
}
