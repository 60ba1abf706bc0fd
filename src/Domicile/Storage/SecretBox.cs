using System.Security.Cryptography;
using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>
/// A key that is drawn for one secret on its way: its public half goes to the sender, and only this process opens what comes
/// back. The connection is authenticated and encrypted already; but its buffers, and the HTTP server's, hold what they carried
/// until something else needs them, and would keep a key longer than the account is here. In them lies only a box.
/// </summary>
/// <remarks>
/// A box is the sender's public key (P-256, SubjectPublicKeyInfo, 91 bytes) and what <see cref="SealedSmall"/> makes under
/// HKDF-SHA256 of the agreed secret (ECDH), the info being "domicile box v1" and both public keys.
/// </remarks>
internal sealed class SecretBox : IDisposable
{
    public const int PublicKeyBytes = 91;

    // What stands before the point in every key of this curve (RFC 5480): no other curve, no other encoding.
    private const int CurvePrefixBytes = PublicKeyBytes - 65;

    private static readonly byte[] Purpose = "domicile box v1"u8.ToArray();

    private readonly ECDiffieHellman _key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);

    public SecretBox() => PublicKey = _key.ExportSubjectPublicKeyInfo();

    /// <summary>For the sender.</summary>
    public byte[] PublicKey { get; }

    /// <param name="recipient">Of the <see cref="PublicKey"/> that the recipient drew for this.</param>
    /// <param name="purpose">What the secret is, such as the access key's id: it opens for nothing else.</param>
    /// <exception cref="InvalidDataException">The recipient's key is none.</exception>
    public static byte[] Seal(ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> purpose, ReadOnlySpan<byte> secret)
    {
        using var own = new SecretBox();
        Span<byte> derived = stackalloc byte[AccountKey.LengthBytes];
        own.Derive(recipient, own.PublicKey, recipient, derived);
        byte[] box = [.. own.PublicKey, .. SealedSmall.Seal(derived, purpose, secret)];
        CryptographicOperations.ZeroMemory(derived);
        return box;
    }

    /// <exception cref="InvalidDataException">It was not sealed for this key and this purpose.</exception>
    public SecretBytes Open(ReadOnlySpan<byte> purpose, ReadOnlySpan<byte> box)
    {
        if (box.Length < PublicKeyBytes
            || SealedSmall.PlainLength(box[PublicKeyBytes..]) is not { } length || length > SecretBytes.LengthBytesMax)
        {
            throw new InvalidDataException("A secret came in a box of no possible length.");
        }

        Span<byte> derived = stackalloc byte[AccountKey.LengthBytes];
        Derive(box[..PublicKeyBytes], box[..PublicKeyBytes], PublicKey, derived);
        var secret = SecretBytes.OfLength(length);
        var isOpen = SealedSmall.TryOpen(derived, purpose, box[PublicKeyBytes..], secret.Writable);
        CryptographicOperations.ZeroMemory(derived);
        if (!isOpen)
        {
            secret.Dispose();
            throw new InvalidDataException("A secret came in a box that was not sealed for it.");
        }

        return secret;
    }

    public void Dispose() => _key.Dispose();

    private void Derive(
        ReadOnlySpan<byte> other, ReadOnlySpan<byte> sender, ReadOnlySpan<byte> recipient, Span<byte> derived)
    {
        if (other.Length != PublicKeyBytes || !other[..CurvePrefixBytes].SequenceEqual(PublicKey.AsSpan(0, CurvePrefixBytes)))
        {
            throw new InvalidDataException("A secret is to be sealed for what is no P-256 key.");
        }

        using var peer = ECDiffieHellman.Create();
        try
        {
            peer.ImportSubjectPublicKeyInfo(other, out _);
        }
        catch (CryptographicException cause)
        {
            throw new InvalidDataException("A secret is to be sealed for what is no point of P-256.", cause);
        }

        using var point = peer.PublicKey;
        var agreed = _key.DeriveRawSecretAgreement(point);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, agreed, derived, salt: [], info: [.. Purpose, .. sender, .. recipient]);
        CryptographicOperations.ZeroMemory(agreed);
    }
}
