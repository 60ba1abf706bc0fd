using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Domicile.Proofs;

/// <summary>
/// A public key of ECDSA on NIST P-256, the one kind that Domicile signs with (openssl verifies it everywhere, and .NET
/// has no Ed25519). Equal if its SubjectPublicKeyInfo is. Thread-safe.
/// </summary>
public sealed class PublicKey : IEquatable<PublicKey>
{
    /// <summary>The length of a P-256 SubjectPublicKeyInfo with an uncompressed point (RFC 5480).</summary>
    public const int SpkiLengthBytes = 91;

    private const int PemLengthCharsMax = 1024;

    private readonly byte[] _spki;
    private readonly ECDsa _key;
    private readonly Lock _oneAtATime = new(); // ECDsa promises nothing about threads

    // SEQUENCE { SEQUENCE { id-ecPublicKey, secp256r1 }, BIT STRING { 04 x y } }. One key has one encoding: a key id must
    // not depend on who wrote the key down.
    private static ReadOnlySpan<byte> SpkiStart =>
    [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];

    // The key is read once: OpenSSL takes longer to read one than to verify with it.
    private PublicKey(byte[] spki, ECDsa key)
    {
        (_spki, _key) = (spki, key);
        KeyId = Convert.ToHexStringLower(SHA256.HashData(spki));
    }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo, 64 lower-case hex digits: <c>keyid</c> in envelopes.</summary>
    public string KeyId { get; }

    /// <summary>For people who compare keys: <c>SHA256:</c> and the key id.</summary>
    public string Fingerprint => $"SHA256:{KeyId}";

    /// <summary>The DER form of SubjectPublicKeyInfo (RFC 5280), <see cref="SpkiLengthBytes"/> long.</summary>
    public ReadOnlySpan<byte> Spki => _spki;

    /// <summary>What openssl reads: <c>-----BEGIN PUBLIC KEY-----</c> and so on.</summary>
    public string ToPem() => PemEncoding.WriteString("PUBLIC KEY", _spki) + "\n";

    /// <summary>Reads DER. Other curves, compressed points, explicit parameters and trailing bytes are refused.</summary>
    public static bool TryFromSpki(ReadOnlySpan<byte> spki, [NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        if (spki.Length != SpkiLengthBytes || !spki.StartsWith(SpkiStart))
        {
            return false;
        }

        var ecdsa = ECDsa.Create();
        try
        {
            ecdsa.ImportSubjectPublicKeyInfo(spki, out _);
        }
        catch (CryptographicException)
        {
            ecdsa.Dispose();
            return false; // the point is not on the curve
        }

        key = new PublicKey(spki.ToArray(), ecdsa);
        return true;
    }

    /// <summary>Reads one PEM block <c>PUBLIC KEY</c>; white space may surround it.</summary>
    public static bool TryFromPem(ReadOnlySpan<char> pem, [NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        if (pem.Length > PemLengthCharsMax || !PemEncoding.TryFind(pem, out var fields))
        {
            return false;
        }

        var isAlone = pem[..fields.Location.Start].IsWhiteSpace() && pem[fields.Location.End..].IsWhiteSpace();
        var spki = new byte[fields.DecodedDataLength];
        return isAlone
            && pem[fields.Label].SequenceEqual("PUBLIC KEY")
            && Convert.TryFromBase64Chars(pem[fields.Base64Data], spki, out _)
            && TryFromSpki(spki, out key);
    }

    /// <summary>Whether this key signed the data: ECDSA over its SHA-256.</summary>
    /// <param name="signature">DER, as openssl writes it (RFC 3279, section 2.2.3).</param>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        try
        {
            lock (_oneAtATime)
            {
                return _key.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
            }
        }
        catch (CryptographicException)
        {
            return false; // the signature is not DER
        }
    }

    public bool Equals(PublicKey? other) => other is not null && Spki.SequenceEqual(other.Spki);

    public override bool Equals(object? obj) => Equals(obj as PublicKey);

    public override int GetHashCode() => KeyId.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => KeyId;
}
