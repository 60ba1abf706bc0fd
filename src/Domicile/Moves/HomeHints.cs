using System.Diagnostics.CodeAnalysis;
using Domicile.Accounts;

namespace Domicile.Moves;

/// <summary>
/// Where other regions said that accounts are: for routing alone, in memory alone. Old ones end by themselves, and where
/// there are too many the oldest goes.
/// </summary>
internal sealed class HomeHints(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<AccountId, Hint> _hints = [];
    private readonly Queue<(AccountId Account, Hint Hint)> _byAge = new();

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _hints.Count;
            }
        }
    }

    public void Put(AccountId account, RegionName home, long epoch)
    {
        var hint = new Hint(home, epoch, new Deadline(time, MoveLimits.HintLasts));
        lock (_gate)
        {
            _hints[account] = hint;
            _byAge.Enqueue((account, hint));
            while (_byAge.Count > MoveLimits.HintsMax || (_byAge.TryPeek(out var oldest) && oldest.Hint.Ends.IsOver))
            {
                var (old, gone) = _byAge.Dequeue();
                if (_hints.TryGetValue(old, out var current) && ReferenceEquals(current, gone))
                {
                    _hints.Remove(old);
                }
            }
        }
    }

    public bool TryFind(AccountId account, [NotNullWhen(true)] out Hint? hint)
    {
        lock (_gate)
        {
            return _hints.TryGetValue(account, out hint) && !hint.Ends.IsOver;
        }
    }

    public sealed record Hint(RegionName Home, long Epoch, Deadline Ends);
}
