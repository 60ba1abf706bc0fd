using System.Collections.Concurrent;
using Domicile.Accounts;

namespace Domicile.Moves;

/// <summary>
/// What this process has found damaged: which accounts can't be served as they lie here, so that it is said once, and what a
/// request or the last deep verification of an account found, until a later one finds nothing. Thread-safe.
/// </summary>
internal sealed class DamagedAccounts
{
    private readonly ConcurrentDictionary<AccountId, string> _said = new();
    private readonly ConcurrentDictionary<AccountId, IReadOnlyList<string>> _verified = new();

    /// <returns>Whether this has not been said of the account yet. Beyond a bound of accounts nothing is new.</returns>
    public bool IsNew(AccountId account, string cause)
    {
        if (_said.TryGetValue(account, out var before) ? before == cause : _said.Count >= MoveLimits.DamagesRemembered)
        {
            return false;
        }

        _said[account] = cause;
        return true;
    }

    /// <param name="troubles">What a deep verification found; none where all was well.</param>
    public void Verified(AccountId account, IReadOnlyList<string> troubles)
    {
        if (troubles.Count == 0)
        {
            _verified.TryRemove(account, out _);
        }
        else
        {
            _verified[account] = troubles;
        }
    }

    /// <summary>A request met something that can't be read. Stays until a deep verification has found more, or nothing.</summary>
    public void Met(AccountId account, string cause)
    {
        if (_verified.Count < MoveLimits.DamagesRemembered)
        {
            _verified.TryAdd(account, [cause]);
        }
    }

    /// <returns>Null where it found nothing, or there was none since this process began.</returns>
    public IReadOnlyList<string>? Find(AccountId account) => _verified.GetValueOrDefault(account);
}
