using System.Diagnostics.CodeAnalysis;
using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>
/// An account's keys in the clear, newest first: everything new is written under the newest; under the former ones may still
/// lie what was written before it, until it has been encrypted again. What is stored doesn't say under which key it lies: the
/// one under which it authenticates is its own. Never empty, never changed. See docs/formats/content.md.
/// </summary>
internal sealed class KeyRing
{
    /// <summary>Keys of one account at the same time.</summary>
    public const int KeysMax = 16;

    /// <summary>A move brings at most so many: the activation draws one more.</summary>
    public const int MovedKeysMax = KeysMax - 1;

    private readonly AccountKey[] _keys;

    public KeyRing(params ReadOnlySpan<AccountKey> keys)
    {
        Invariant.Check(keys.Length is >= 1 and <= KeysMax);
        _keys = keys.ToArray();
    }

    /// <summary>Newest first.</summary>
    public ReadOnlySpan<AccountKey> Keys => _keys;

    public AccountKey Newest => _keys[0];

    /// <summary>Whether something may still lie under another key than the newest.</summary>
    public bool HasFormer => _keys.Length > 1;

    /// <summary>Bytes of <see cref="CopyTo"/>.</summary>
    public int LengthBytes => _keys.Length * AccountKey.LengthBytes;

    /// <param name="keys">As <see cref="CopyTo"/> writes them; copied.</param>
    /// <exception cref="InvalidDataException">They are no keys, or more than a move brings.</exception>
    public static KeyRing OfMoved(ReadOnlySpan<byte> keys)
    {
        var (count, rest) = Math.DivRem(keys.Length, AccountKey.LengthBytes);
        if (rest != 0 || count is < 1 or > MovedKeysMax)
        {
            throw new InvalidDataException(
                $"The account's keys came in {keys.Length} bytes: "
                + $"1 to {MovedKeysMax} keys of {AccountKey.LengthBytes} bytes belong there.");
        }

        var ring = new AccountKey[count];
        for (var i = 0; i < count; i++)
        {
            ring[i] = new AccountKey(keys.Slice(i * AccountKey.LengthBytes, AccountKey.LengthBytes));
        }

        return new KeyRing(ring);
    }

    /// <summary>Copies all keys, newest first. The caller zeroes them.</summary>
    /// <param name="destination"><see cref="LengthBytes"/> long.</param>
    public void CopyTo(Span<byte> destination)
    {
        for (var i = 0; i < _keys.Length; i++)
        {
            _keys[i].CopyTo(destination.Slice(i * AccountKey.LengthBytes, AccountKey.LengthBytes));
        }
    }

    /// <summary>Zeroes them: nobody uses them any more.</summary>
    public void Destroy()
    {
        foreach (var key in _keys)
        {
            key.Dispose();
        }
    }

    /// <summary>Whether these bytes are one of its keys, in whichever object.</summary>
    public bool Has(AccountKey key) => _keys.Any(key.IsSameAs);

    public byte[] SealSmall(string purpose, ReadOnlySpan<byte> plain) => Newest.SealSmall(purpose, plain);

    /// <exception cref="ContentCorruptException">The bytes are not what was sealed for this purpose.</exception>
    public SecretBytes OpenSmall(string purpose, ReadOnlySpan<byte> sealedBytes)
        => TryOpenSmall(purpose, sealedBytes, out var plain) ? plain : throw new ContentCorruptException(
            "A secret of the account fails its authentication. Revoke the credential and make a new one.");

    public bool TryOpenSmall(string purpose, ReadOnlySpan<byte> sealedBytes, [NotNullWhen(true)] out SecretBytes? plain)
    {
        foreach (var key in _keys)
        {
            if (key.TryOpenSmall(purpose, sealedBytes, out plain))
            {
                return true;
            }
        }

        plain = null;
        return false;
    }
}

/// <summary>An account's keys as they are stored, and in the clear: of each its wrapped bytes, newest first.</summary>
internal sealed record StoredRing(IReadOnlyList<byte[]> Wrapped, KeyRing Ring);

/// <param name="Ring">The new keys; null where they were destroyed.</param>
internal sealed record RingChange(StoredRing? Ring);
