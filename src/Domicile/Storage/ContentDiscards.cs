using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>
/// Deletes the files of contents that a commit has dropped. The rows of table discard are the intent: they go after the
/// files, so a crash in between only repeats the deletion. One task at a time, and only while there is something to do.
/// </summary>
internal sealed class ContentDiscards(
    AccountStore store, Holds holds, IWorkers workers, CancellationToken closing)
{
    private readonly Lock _gate = new();
    private Task _running = Task.CompletedTask;
    private bool _isRunning;
    private bool _isMoreDue;

    /// <summary>Whether it goes on to delete files at this moment.</summary>
    public bool IsRunning
    {
        get
        {
            lock (_gate)
            {
                return _isRunning;
            }
        }
    }

    /// <summary>Whether there is anything left to delete.</summary>
    public bool AreDue(Sql sql) => FindDue(sql, store.Account).Count > 0;

    /// <summary>Called after each commit, on the writer's connection: one look at an empty table, as a rule.</summary>
    public void AfterCommit(Sql sql)
    {
        if (sql.Scalar<long>("SELECT 1 FROM discard LIMIT 1") == 0)
        {
            return;
        }

        lock (_gate)
        {
            _isMoreDue = true;
            if (!_isRunning)
            {
                _isRunning = true;
                _running = workers.Run(RunAsync);
            }
        }
    }

    /// <summary>Completes when the task that runs now has ended.</summary>
    public Task EndAsync()
    {
        lock (_gate)
        {
            return _running;
        }
    }

    /// <summary>Deletes all that is due now.</summary>
    public async Task DeleteDueAsync(CancellationToken cancellationToken)
    {
        while (store.Read(sql => FindDue(sql, store.Account)) is { Count: > 0 } due)
        {
            // A reader that saw the row may not have opened the file yet.
            await holds.OpenNowEnded().WaitAsync(cancellationToken);
            due.ForEach(store.Contents.Delete);
            await store.WriteAsync(transaction => Forget(transaction, due), cancellationToken);
        }
    }

    private static List<string> FindDue(Sql sql, AccountId account) => sql.List(
        "SELECT content FROM discard WHERE account = @p1 LIMIT @p2",
        row => row.GetString(0), account.Value, (long)StorageLimits.DiscardsPerRoundMax);

    private static bool Forget(AccountTransaction transaction, List<string> contents)
    {
        foreach (var content in contents)
        {
            transaction.Sql.Execute(
                "DELETE FROM discard WHERE account = @p1 AND content = @p2", transaction.Account.Value, content);
        }

        return true;
    }

    private async Task RunAsync()
    {
        while (IsMoreDue())
        {
            try
            {
                await DeleteDueAsync(closing);
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The rows are still there: the next commit that drops something, or the next start, deletes the files.
            }
        }
    }

    private bool IsMoreDue()
    {
        lock (_gate)
        {
            _isRunning = _isMoreDue;
            _isMoreDue = false;
            return _isRunning;
        }
    }
}
