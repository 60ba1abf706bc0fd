namespace Domicile.Storage;

/// <summary>
/// Work that waits for one account's writer, and the turns in which it is handed over in batches while there is any: an idle
/// account has no thread and no task, and busy ones share a few threads. Bounded; who finds it full waits for room. Thread-safe.
/// </summary>
internal sealed class WriteQueue(IWorkers workers, Action<IReadOnlyList<PendingWrite>> commit) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<PendingWrite> _waiting = new();
    private readonly SemaphoreSlim _room = new(StorageLimits.QueuedWritesMax);
    private Task _running = Task.CompletedTask;
    private bool _isRunning;

    /// <summary>Nothing waits and nothing runs.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return !_isRunning;
            }
        }
    }

    public async Task EnqueueAsync(PendingWrite work, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken);
        lock (_gate)
        {
            _waiting.Enqueue(work);
            if (!_isRunning)
            {
                _isRunning = true;
                _running = workers.RunTurns(CommitSome);
            }
        }
    }

    /// <summary>Completes when what was queued before has been answered.</summary>
    public Task DrainAsync()
    {
        lock (_gate)
        {
            return _running;
        }
    }

    public void Dispose() => _room.Dispose();

    // One commit, so that other accounts' writers get their turn.
    private bool CommitSome()
    {
        if (TakeBatch() is not { Count: > 0 } batch)
        {
            return false;
        }

        commit(batch);
        return true;
    }

    // A write that must be alone in its transaction, or in none, makes a batch of its own.
    private List<PendingWrite> TakeBatch()
    {
        var batch = new List<PendingWrite>();
        lock (_gate)
        {
            while (batch.Count < StorageLimits.BatchWritesMax && _waiting.TryPeek(out var next))
            {
                if (next.IsAlone && batch.Count > 0)
                {
                    break;
                }

                batch.Add(_waiting.Dequeue());
                if (next.IsAlone)
                {
                    break;
                }
            }

            _isRunning = batch.Count > 0;
        }

        if (batch.Count > 0)
        {
            _room.Release(batch.Count);
        }

        return batch;
    }
}
