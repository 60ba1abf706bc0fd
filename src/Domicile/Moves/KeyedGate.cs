using System.Collections.Concurrent;
using Domicile.Accounts;

namespace Domicile.Moves;

/// <summary>Lets one caller at a time work on an account. Gates of accounts that nobody uses are few and stay.</summary>
internal sealed class KeyedGate
{
    private readonly ConcurrentDictionary<AccountId, SemaphoreSlim> _gates = new();

    /// <summary>Dispose the answer to let the next one in.</summary>
    public async Task<IDisposable> EnterAsync(AccountId account, CancellationToken cancellationToken)
    {
        var gate = _gates.GetOrAdd(account, _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(cancellationToken);
        return new Exit(gate);
    }

    private sealed class Exit(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
