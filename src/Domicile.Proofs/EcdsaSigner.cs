using System.Security.Cryptography;

namespace Domicile.Proofs;

/// <summary>Signs with a private key of ECDSA on P-256. Thread-safe. Owns the key and disposes it.</summary>
public sealed class EcdsaSigner : IDisposable
{
    private readonly ECDsa _key;
    private readonly Lock _oneAtATime = new(); // ECDsa promises nothing about threads

    /// <exception cref="ArgumentException">The key is on another curve.</exception>
    public EcdsaSigner(ECDsa key)
    {
        _key = key;
        PublicKey = PublicKey.TryFromSpki(key.ExportSubjectPublicKeyInfo(), out var publicKey)
            ? publicKey
            : throw new ArgumentException("The key is not of ECDSA on NIST P-256.", nameof(key));
    }

    public PublicKey PublicKey { get; }

    /// <summary>A new key from the system's random numbers.</summary>
    public static EcdsaSigner Generate() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Reads a private key as openssl writes it: PEM, <c>PRIVATE KEY</c> or <c>EC PRIVATE KEY</c>.</summary>
    /// <exception cref="ArgumentException">There is no such key in the text.</exception>
    public static EcdsaSigner FromPem(ReadOnlySpan<char> pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            CryptographicOperations.ZeroMemory(key.ExportParameters(includePrivateParameters: true).D);
            return new EcdsaSigner(key);
        }
        catch (CryptographicException e)
        {
            key.Dispose();
            throw new ArgumentException("The PEM text has no private key of ECDSA on NIST P-256.", nameof(pem), e);
        }
    }

    /// <summary>The private key as PEM (<c>PRIVATE KEY</c>), for a file that only its owner can read.</summary>
    public string ToPrivatePem()
    {
        lock (_oneAtATime)
        {
            return _key.ExportPkcs8PrivateKeyPem() + "\n";
        }
    }

    /// <summary>ECDSA over SHA-256 of the data, in DER (RFC 3279): 8 to 72 bytes.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        lock (_oneAtATime)
        {
            return _key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
    }

    public void Dispose() => _key.Dispose();
}
