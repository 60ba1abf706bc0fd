using System.Diagnostics.CodeAnalysis;

namespace Domicile.Storage;

/// <summary>
/// The region's knowledge of one account's store: weak, so that an account costs memory only while someone has it, and
/// strong while it has open handles or waiters. At no time are there two stores of one account.
/// </summary>
internal sealed class StoreSlot
{
    private readonly WeakReference<AccountStore?> _store = new(null);
    private bool _isRetired;

    /// <summary>Set by the store itself, under its own lock.</summary>
    public AccountStore? Held { get; set; }

    public AccountStore? Alive
    {
        get
        {
            lock (_store)
            {
                return _store.TryGetTarget(out var store) ? store : null;
            }
        }
    }

    public bool IsAlive => Alive is not null;

    /// <returns>False where the slot has been taken out of the region's table: look there again.</returns>
    public bool TryGet(Func<AccountStore> make, [NotNullWhen(true)] out AccountStore? store)
    {
        lock (_store)
        {
            if (_isRetired)
            {
                store = null;
                return false;
            }

            if (!_store.TryGetTarget(out store))
            {
                store = make();
                _store.SetTarget(store);
            }

            return true;
        }
    }

    /// <summary>Closes the slot for ever, if nobody has its store.</summary>
    public bool TryRetire()
    {
        lock (_store)
        {
            _isRetired |= !_store.TryGetTarget(out _);
            return _isRetired;
        }
    }
}
