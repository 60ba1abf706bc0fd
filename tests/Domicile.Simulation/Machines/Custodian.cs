using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Simulation.Machines;

/// <summary>A region's custodian. It hides nothing: no invariant depends on it, and it costs no time.</summary>
internal sealed class Custodian(byte region) : ICustodian
{
    public byte[] Wrap(AccountId account, ReadOnlySpan<byte> key) => [region, .. key];

    public void Unwrap(AccountId account, ReadOnlySpan<byte> wrapped, Span<byte> key)
    {
        if (wrapped[0] != region)
        {
            throw new StorageUnreadableException($"The key of account {account} was wrapped by custodian {wrapped[0]}.");
        }

        wrapped[1..].CopyTo(key);
    }
}
