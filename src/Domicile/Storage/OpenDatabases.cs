namespace Domicile.Storage;

/// <summary>
/// The accounts whose database is open, and the memory that they take. Where that is too much, those that were not used
/// lately are closed, by workers: whoever opens or uses a database never closes another one. Who opens them faster than they can
/// be closed waits for the workers. Thread-safe.
/// </summary>
/// <remarks>
/// The order is that of a clock with one hand: a use sets a mark, the hand takes the mark away or, where there is none,
/// closes the database. So a use costs a mark and takes no lock that another account's use takes.
/// </remarks>
internal sealed class OpenDatabases(long bytesMax, IWorkers workers)
{
    // For each time that there is so much too much another worker closes too: never where there are but a few to close.
    private readonly long _bytesOfCloser = Math.Max(bytesMax / (2 * StorageLimits.ClosersMax), 16 * StorageLimits.ConnectionBytes);

    private readonly Lock _gate = new();

    // In the order in which the hand comes by. One that was closed in another way leaves when the hand finds it.
    private readonly Queue<AccountStore> _round = new();
    private long _bytes;
    private int _closing;

    // Completes when there is room, or a worker has been round; null while nobody waits.
    private volatile TaskCompletionSource? _room;

    /// <summary>What the open databases take, as <see cref="AccountDatabase"/> counts it.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public IReadOnlyList<AccountStore> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _round.Where(store => store.IsOpen)];
            }
        }
    }

    /// <summary>The store has opened its database.</summary>
    public void Add(AccountStore store)
    {
        lock (_gate)
        {
            _round.Enqueue(store);
        }
    }

    /// <summary>
    /// Before a database is opened for somebody: waits while far too many are open. No longer than a worker takes to go round: what
    /// is in use then stays open.
    /// </summary>
    public ValueTask RoomAsync(CancellationToken cancellationToken)
    {
        if (!IsCrowded)
        {
            return ValueTask.CompletedTask;
        }

        lock (_gate)
        {
            if (_closing == 0)
            {
                return ValueTask.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_room.Task.WaitAsync(cancellationToken));
        }
    }

    private bool IsCrowded => Bytes > bytesMax + (bytesMax / 2);

    /// <summary>An open database takes so much more, or less.</summary>
    public void Count(long bytes)
    {
        var now = Interlocked.Add(ref _bytes, bytes);
        if (now <= bytesMax || bytes <= 0)
        {
            return;
        }

        lock (_gate)
        {
            // Closing is waiting for a disk: the more there is to close, the more do it.
            if (_closing == StorageLimits.ClosersMax || now < bytesMax + (_bytesOfCloser * _closing))
            {
                return;
            }

            _closing++;
        }

        workers.Run(CloseIdle);
    }

    // Twice round: the first time takes the marks away. What is in use then stays open, and the next opening looks again.
    // A part more than must be, so that not each opening begins a round.
    private void CloseIdle()
    {
        try
        {
            for (var left = 2 * Count(); left > 0 && Bytes > bytesMax - (bytesMax / StorageLimits.OpenBytesShareClosed); left--)
            {
                if (Next() is { } store && store.IsOpen && (store.TakeUsed() || !store.TryRest()))
                {
                    Add(store);
                }

                if (_room is not null && !IsCrowded)
                {
                    LetIn(hasBeenRound: false);
                }
            }
        }
        finally
        {
            LetIn(hasBeenRound: true);
        }
    }

    private void LetIn(bool hasBeenRound)
    {
        TaskCompletionSource? waited;
        lock (_gate)
        {
            _closing -= hasBeenRound ? 1 : 0;
            (waited, _room) = (_room, null);
        }

        waited?.SetResult();
    }

    private int Count()
    {
        lock (_gate)
        {
            return _round.Count;
        }
    }

    private AccountStore? Next()
    {
        lock (_gate)
        {
            return _round.TryDequeue(out var store) ? store : null;
        }
    }
}
