using System.Security.Cryptography;
using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>
/// A key that is drawn for one secret on its way, or for several that go together: its public half goes to the sender, and
/// only this process opens what comes back. The connection is authenticated and encrypted already; but its buffers, and the
/// HTTP server's, hold what they carried until something else needs them, and would keep a key longer than the account is here.
/// In them lies only a box.
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
        var box = own.Box(derived, purpose, secret);
        CryptographicOperations.ZeroMemory(derived);
        return box;
    }

    /// <summary>The same for several: they share the sender's key, so that only one secret is agreed on.</summary>
    /// <inheritdoc cref="Seal(ReadOnlySpan{byte}, ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
    public static byte[][] SealAll(ReadOnlySpan<byte> recipient, IReadOnlyList<(byte[] Purpose, SecretBytes Secret)> secrets)
    {
        using var own = new SecretBox();
        Span<byte> derived = stackalloc byte[AccountKey.LengthBytes];
        own.Derive(recipient, own.PublicKey, recipient, derived);
        var boxes = new byte[secrets.Count][];
        for (var i = 0; i < boxes.Length; i++)
        {
            boxes[i] = own.Box(derived, secrets[i].Purpose, secrets[i].Secret.Span);
        }

        CryptographicOperations.ZeroMemory(derived);
        return boxes;
    }

    /// <exception cref="InvalidDataException">It was not sealed for this key and this purpose.</exception>
    public SecretBytes Open(ReadOnlySpan<byte> purpose, ReadOnlySpan<byte> box) => OpenAll([(purpose.ToArray(), box.ToArray())])[0];

    /// <summary>What <see cref="SealAll"/> sealed; the caller disposes the secrets.</summary>
    /// <exception cref="InvalidDataException">One was not sealed for this key and its purpose: none is open.</exception>
    public SecretBytes[] OpenAll(IReadOnlyList<(byte[] Purpose, byte[] Box)> boxes)
    {
        ReadOnlySpan<byte> sender = boxes.Count > 0 && boxes[0].Box.Length >= PublicKeyBytes
            ? boxes[0].Box.AsSpan(0, PublicKeyBytes) : throw ImpossibleLength();
        Span<byte> derived = stackalloc byte[AccountKey.LengthBytes];
        Derive(sender, sender, PublicKey, derived);
        var secrets = new SecretBytes[boxes.Count];
        try
        {
            for (var i = 0; i < secrets.Length; i++)
            {
                secrets[i] = Open(derived, sender, boxes[i].Purpose, boxes[i].Box);
            }

            return secrets;
        }
        catch
        {
            foreach (var opened in secrets)
            {
                opened?.Dispose();
            }

            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
        }
    }

    public void Dispose() => _key.Dispose();

    private byte[] Box(ReadOnlySpan<byte> derived, ReadOnlySpan<byte> purpose, ReadOnlySpan<byte> secret)
        => [.. PublicKey, .. SealedSmall.Seal(derived, purpose, secret)];

    private static SecretBytes Open(
        ReadOnlySpan<byte> derived, ReadOnlySpan<byte> sender, ReadOnlySpan<byte> purpose, ReadOnlySpan<byte> box)
    {
        if (box.Length < PublicKeyBytes
            || SealedSmall.PlainLength(box[PublicKeyBytes..]) is not { } length || length > SecretBytes.LengthBytesMax)
        {
            throw ImpossibleLength();
        }

        var secret = SecretBytes.OfLength(length);
        if (!box[..PublicKeyBytes].SequenceEqual(sender)
            || !SealedSmall.TryOpen(derived, purpose, box[PublicKeyBytes..], secret.Writable))
        {
            secret.Dispose();
            throw new InvalidDataException("A secret came in a box that was not sealed for it.");
        }

        return secret;
    }

    private static InvalidDataException ImpossibleLength() => new("A secret came in a box of no possible length.");

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
