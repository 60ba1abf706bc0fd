using Domicile.Accounts;

namespace Domicile.Moves;

/// <summary>Lets one caller at a time work on an account. What nobody uses takes no memory.</summary>
internal sealed class KeyedGate
{
    private readonly Lock _gate = new();
    private readonly Dictionary<AccountId, Door> _doors = [];

    /// <summary>Accounts that somebody works on or waits for.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _doors.Count;
            }
        }
    }

    /// <summary>Dispose the answer to let the next one in.</summary>
    public async Task<IDisposable> EnterAsync(AccountId account, CancellationToken cancellationToken)
    {
        Door? door;
        lock (_gate)
        {
            if (!_doors.TryGetValue(account, out door))
            {
                _doors.Add(account, door = new Door());
            }

            door.Users++;
        }

        try
        {
            return new Stay(this, account, await door.Turns.TakeAsync(cancellationToken));
        }
        catch
        {
            Leave(account);
            throw;
        }
    }

    private void Leave(AccountId account)
    {
        lock (_gate)
        {
            if (--_doors[account].Users == 0)
            {
                _doors.Remove(account);
            }
        }
    }

    private sealed class Door
    {
        public Turns Turns { get; } = new() { AtOnce = 1 };

        public int Users { get; set; }
    }

    private sealed class Stay(KeyedGate gate, AccountId account, IDisposable turn) : IDisposable
    {
        private IDisposable? _turn = turn;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _turn, null) is { } ended)
            {
                ended.Dispose();
                gate.Leave(account);
            }
        }
    }
}
