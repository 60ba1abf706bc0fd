using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>
/// Holds the key that wraps the accounts' keys, under the law of the custodian's country. Calls may cross a process or
/// network boundary and are made once per account and opening. Wrapping twice gives different bytes; any of them unwraps.
/// The returned arrays are the caller's.
/// </summary>
internal interface ICustodian
{
    /// <param name="key">Exactly 32 bytes.</param>
    /// <exception cref="IOException">The custodian can't be reached.</exception>
    byte[] Wrap(AccountId account, ReadOnlySpan<byte> key);

    /// <returns>32 bytes; the caller zeroes them.</returns>
    /// <exception cref="StorageUnreadableException">Not wrapped by this custodian for this account.</exception>
    /// <exception cref="IOException">The custodian can't be reached.</exception>
    byte[] Unwrap(AccountId account, ReadOnlySpan<byte> wrapped);
}
