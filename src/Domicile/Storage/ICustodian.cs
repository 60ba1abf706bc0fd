using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>
/// Holds the key that wraps the accounts' keys, under the law of the custodian's country. Calls may cross a process or
/// network boundary and are made once per account and opening. Wrapping twice gives different bytes; any of them unwraps.
/// The arrays are the caller's.
/// </summary>
internal interface ICustodian
{
    /// <param name="key">Exactly 32 bytes.</param>
    /// <exception cref="IOException">The custodian can't be reached.</exception>
    byte[] Wrap(AccountId account, ReadOnlySpan<byte> key);

    /// <param name="key">Exactly 32 bytes, to be filled; the caller zeroes them.</param>
    /// <exception cref="StorageUnreadableException">Not wrapped by this custodian for this account.</exception>
    /// <exception cref="IOException">The custodian can't be reached.</exception>
    void Unwrap(AccountId account, ReadOnlySpan<byte> wrapped, Span<byte> key);
}
