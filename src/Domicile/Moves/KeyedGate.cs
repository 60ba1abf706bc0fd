using System.Collections.Concurrent;
using Domicile.Accounts;

namespace Domicile.Moves;

/// <summary>Lets one caller at a time work on an account. Gates of accounts that nobody uses are few and stay.</summary>
internal sealed class KeyedGate
{
    private readonly ConcurrentDictionary<AccountId, Turns> _gates = new();

    /// <summary>Dispose the answer to let the next one in.</summary>
    public Task<IDisposable> EnterAsync(AccountId account, CancellationToken cancellationToken)
        => _gates.GetOrAdd(account, _ => new Turns { AtOnce = 1 }).TakeAsync(cancellationToken);
}
