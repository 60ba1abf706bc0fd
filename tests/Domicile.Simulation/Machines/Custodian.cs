using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Simulation.Machines;

/// <summary>A region's custodian. It hides nothing: no invariant depends on it, and it costs no time.</summary>
internal sealed class Custodian(byte region) : ICustodian
{
    public byte[] Wrap(AccountId account, ReadOnlySpan<byte> key) => [region, .. key];

    public byte[] Unwrap(AccountId account, ReadOnlySpan<byte> wrapped)
        => wrapped[0] == region
            ? wrapped[1..].ToArray()
            : throw new StorageUnreadableException($"The key of account {account} was wrapped by custodian {wrapped[0]}.");
}
