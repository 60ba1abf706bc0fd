namespace Domicile.Storage;

/// <summary>
/// The accounts whose database is open, and the memory that they take. Where that is too much, those that were not used
/// lately are closed, by a worker: whoever opens or uses a database never closes another one. Thread-safe.
/// </summary>
/// <remarks>
/// The order is that of a clock with one hand: a use sets a mark, the hand takes the mark away or, where there is none,
/// closes the database. So a use costs a mark and takes no lock that another account's use takes.
/// </remarks>
internal sealed class OpenDatabases(long bytesMax, IWorkers workers)
{
    private readonly Lock _gate = new();

    // In the order in which the hand comes by. One that was closed in another way leaves when the hand finds it.
    private readonly Queue<AccountStore> _round = new();
    private long _bytes;
    private bool _isClosing;

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

    /// <summary>An open database takes so much more, or less.</summary>
    public void Count(long bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) <= bytesMax || bytes <= 0)
        {
            return;
        }

        lock (_gate)
        {
            if (_isClosing)
            {
                return;
            }

            _isClosing = true;
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
            }
        }
        finally
        {
            lock (_gate)
            {
                _isClosing = false;
            }
        }
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
