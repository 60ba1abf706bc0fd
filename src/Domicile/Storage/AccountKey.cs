using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>
/// A 256-bit key of an account, in the clear: every content's key and every small secret's derives from it
/// (HKDF-SHA256, RFC 5869), so destroying it destroys them all. Thread-safe; zeroed at its end.
/// </summary>
internal sealed class AccountKey : IDisposable
{
    public const int LengthBytes = 32;

    private static readonly byte[] ContentPurpose = "domicile content v1"u8.ToArray();
    private static readonly byte[] SmallPurpose = "domicile small v1"u8.ToArray();

    private readonly Lock _gate = new();
    private readonly byte[] _key;
    private bool _isDestroyed;

    /// <param name="key">Exactly 32 bytes; copied.</param>
    public AccountKey(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, LengthBytes);
        _key = GC.AllocateArray<byte>(LengthBytes, pinned: true);
        key.CopyTo(_key);
    }

    // A store that rests drops its key while readers may still use it: the last of them ends it.
    ~AccountKey() => CryptographicOperations.ZeroMemory(_key);

    /// <summary>Whether it has been zeroed.</summary>
    public bool IsDestroyed
    {
        get
        {
            lock (_gate)
            {
                return _isDestroyed;
            }
        }
    }

    public static AccountKey Draw()
    {
        Span<byte> key = stackalloc byte[LengthBytes];
        RandomNumberGenerator.Fill(key);
        var drawn = new AccountKey(key);
        CryptographicOperations.ZeroMemory(key);
        return drawn;
    }

    /// <summary>The cipher of one content's frames; see docs/formats/content.md.</summary>
    /// <exception cref="ObjectDisposedException">The key has been destroyed.</exception>
    public AesGcm OpenContentCipher(string contentId)
    {
        Span<byte> derived = stackalloc byte[LengthBytes];
        Derive([.. ContentPurpose, .. Encoding.ASCII.GetBytes(contentId)], derived);
        var cipher = new AesGcm(derived, SealedSmall.TagBytes);
        CryptographicOperations.ZeroMemory(derived);
        return cipher;
    }

    /// <summary>Encrypts a secret of the account, such as a credential's.</summary>
    /// <param name="purpose">What it is, such as the access key's id: it opens for nothing else.</param>
    public byte[] SealSmall(string purpose, ReadOnlySpan<byte> plain)
    {
        Span<byte> derived = stackalloc byte[LengthBytes];
        Derive(SmallPurpose, derived);
        var sealedBytes = SealedSmall.Seal(derived, Encoding.UTF8.GetBytes(purpose), plain);
        CryptographicOperations.ZeroMemory(derived);
        return sealedBytes;
    }

    /// <returns>False where the bytes are not what was sealed under this key for this purpose.</returns>
    public bool TryOpenSmall(string purpose, ReadOnlySpan<byte> sealedBytes, [NotNullWhen(true)] out SecretBytes? plain)
    {
        plain = null;
        if (SealedSmall.PlainLength(sealedBytes) is not { } length || length > SecretBytes.LengthBytesMax)
        {
            return false;
        }

        Span<byte> derived = stackalloc byte[LengthBytes];
        Derive(SmallPurpose, derived);
        var opened = SecretBytes.OfLength(length);
        var isOpen = SealedSmall.TryOpen(derived, Encoding.UTF8.GetBytes(purpose), sealedBytes, opened.Writable);
        CryptographicOperations.ZeroMemory(derived);
        if (!isOpen)
        {
            opened.Dispose();
            return false;
        }

        plain = opened;
        return true;
    }

    /// <summary>Whether it is the same key, in another object; false where one of them has been destroyed.</summary>
    public bool IsSameAs(AccountKey other)
    {
        if (ReferenceEquals(this, other))
        {
            return !IsDestroyed;
        }

        Span<byte> mine = stackalloc byte[LengthBytes];
        Span<byte> others = stackalloc byte[LengthBytes];
        var isSame = TryCopyTo(mine) && other.TryCopyTo(others) && CryptographicOperations.FixedTimeEquals(mine, others);
        CryptographicOperations.ZeroMemory(mine);
        CryptographicOperations.ZeroMemory(others);
        return isSame;
    }

    /// <summary>Copies the key, to wrap it for a custodian or for the region that the account moves to.</summary>
    public void CopyTo(Span<byte> destination) => ObjectDisposedException.ThrowIf(!TryCopyTo(destination), this);

    public void Dispose()
    {
        lock (_gate)
        {
            _isDestroyed = true;
            CryptographicOperations.ZeroMemory(_key);
        }

        GC.SuppressFinalize(this);
    }

    private bool TryCopyTo(Span<byte> destination)
    {
        lock (_gate)
        {
            if (!_isDestroyed)
            {
                _key.CopyTo(destination);
            }

            return !_isDestroyed;
        }
    }

    private void Derive(ReadOnlySpan<byte> info, Span<byte> derived)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDestroyed, this);
            HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, derived, salt: [], info);
        }
    }
}
