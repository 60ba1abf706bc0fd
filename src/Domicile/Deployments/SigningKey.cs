using System.Security.Cryptography;
using Domicile.Proofs;

namespace Domicile.Deployments;

/// <summary>
/// The key with which a process signs receipts and checkpoints: ECDSA P-256, DIR/PROCESS/keys/signing.key (PKCS#8 PEM,
/// 0600) and signing.pub (SubjectPublicKeyInfo PEM), as openssl reads them.
/// </summary>
internal static class SigningKey
{
    private const string P256 = "1.2.840.10045.3.1.7";

    /// <summary>The caller disposes it.</summary>
    /// <exception cref="InvalidDataException">The file is there but is no P-256 key.</exception>
    public static ECDsa LoadOrCreate(string dataDirectory, ProcessRole role)
    {
        var directory = Path.Combine(DataDirectory.PathOf(dataDirectory, role), "keys");
        SmallFile.CreateDirectory(directory);
        var path = Path.Combine(directory, "signing.key");
        var key = File.Exists(path) ? Load(path) : Create(path);
        var publicPath = Path.Combine(directory, "signing.pub");
        var publicText = key.ExportSubjectPublicKeyInfoPem() + "\n";
        if (!File.Exists(publicPath) || File.ReadAllText(publicPath) != publicText)
        {
            SmallFile.Replace(publicPath, publicText, SmallFile.Public);
        }

        return key;
    }

    /// <summary>The public half of a process's key, where its directory lies here; null where it doesn't.</summary>
    public static PublicKey? FindPublic(string dataDirectory, ProcessRole role)
    {
        var path = Path.Combine(DataDirectory.PathOf(dataDirectory, role), "keys", "signing.pub");
        return File.Exists(path) && PublicKey.TryFromPem(File.ReadAllText(path), out var key) ? key : null;
    }

    private static ECDsa Create(string path)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        SmallFile.Replace(path, key.ExportPkcs8PrivateKeyPem() + "\n", SmallFile.Secret);
        return key;
    }

    private static ECDsa Load(string path)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            if (key.ExportParameters(includePrivateParameters: true).Curve.Oid.Value == P256)
            {
                return key;
            }
        }
        catch (Exception broken) when (broken is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw Unusable(path, broken);
        }

        key.Dispose();
        throw Unusable(path, null);
    }

    private static InvalidDataException Unusable(string path, Exception? cause)
        => new($"'{path}' is no ECDSA P-256 private key in PKCS#8 PEM; restore it from a backup (receipts are "
            + "signed with it).", cause);
}
