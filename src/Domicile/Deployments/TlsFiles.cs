using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PublicKey = Domicile.Proofs.PublicKey;

namespace Domicile.Deployments;

/// <summary>The certificates in a process's directory, DIR/PROCESS/tls/. The caller disposes what it loads.</summary>
internal static class TlsFiles
{
    public const string Authority = "ca.pem";

    /// <summary>By which a region knows control's orders: SubjectPublicKeyInfo PEM.</summary>
    public const string ControlKey = "control.pub";

    public static string DirectoryOf(string dataDirectory, ProcessRole role)
        => Path.Combine(DataDirectory.PathOf(dataDirectory, role), "tls");

    /// <summary>What this process shows its peers, with its key.</summary>
    /// <exception cref="InvalidDataException">It is missing or damaged.</exception>
    public static X509Certificate2 LoadPeer(string dataDirectory, ProcessRole role)
        => LoadPair(Path.Combine(DirectoryOf(dataDirectory, role), "peer"));

    /// <summary>What this process shows S3 and API clients, with its key.</summary>
    /// <exception cref="InvalidDataException">It is missing or damaged.</exception>
    public static X509Certificate2 LoadServer(string dataDirectory, ProcessRole role)
        => LoadPair(ServerPath(dataDirectory, role));

    /// <summary>The authority's certificate, without its key.</summary>
    /// <exception cref="InvalidDataException">It is missing or damaged.</exception>
    public static X509Certificate2 LoadAuthority(string dataDirectory, ProcessRole role)
    {
        var path = Path.Combine(DirectoryOf(dataDirectory, role), Authority);
        return Load(path, () => X509Certificate2.CreateFromPem(File.ReadAllText(path)));
    }

    /// <summary>The key that control signs its orders with.</summary>
    /// <exception cref="InvalidDataException">It is missing or damaged.</exception>
    public static PublicKey LoadControlKey(string dataDirectory, ProcessRole role)
    {
        var path = Path.Combine(DirectoryOf(dataDirectory, role), ControlKey);
        return File.Exists(path) && PublicKey.TryFromPem(File.ReadAllText(path), out var key)
            ? key
            : throw new InvalidDataException(
                $"Can't load control's public key '{path}': control writes it when it starts. Copy it from there, with the certificates.");
    }

    /// <returns>Why a certificate is good for nothing at that time, in one sentence; null while it is good.</returns>
    public static string? TroubleOf(X509Certificate2 certificate, DateTimeOffset now)
    {
        var (begin, end) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        return now.UtcDateTime >= begin && now.UtcDateTime <= end ? null
            : string.Create(CultureInfo.InvariantCulture, $"This machine's clock says {now.UtcDateTime:u}, but the certificate ")
            + $"'{certificate.GetNameInfo(X509NameType.SimpleName, false)}' "
            + string.Create(CultureInfo.InvariantCulture, $"is good from {begin:u} to {end:u}.");
    }

    /// <summary>Without ".pem" and ".key".</summary>
    public static string ServerPath(string dataDirectory, ProcessRole role)
        => Path.Combine(DirectoryOf(dataDirectory, role), role is ProcessRole.Region ? "s3" : "api");

    /// <param name="stem">The path without ".pem" and ".key".</param>
    public static X509Certificate2 LoadPair(string stem)
        => Load($"{stem}.pem", () => X509Certificate2.CreateFromPemFile($"{stem}.pem", $"{stem}.key"));

    /// <summary>
    /// The key first: a certificate without its key would be of no use, the other way it is only renewed.
    /// </summary>
    public static void SavePair(string stem, X509Certificate2 certificate, ECDsa key)
    {
        SmallFile.CreateDirectory(Path.GetDirectoryName(stem)!);
        File.Delete($"{stem}.pem");
        SmallFile.Replace($"{stem}.key", key.ExportPkcs8PrivateKeyPem() + "\n", SmallFile.Secret);
        SmallFile.Replace($"{stem}.pem", certificate.ExportCertificatePem() + "\n", SmallFile.Public);
    }

    private static X509Certificate2 Load(string path, Func<X509Certificate2> load)
    {
        try
        {
            return load();
        }
        catch (Exception broken) when (broken is IOException or CryptographicException or ArgumentException)
        {
            throw new InvalidDataException(
                $"Can't load certificate '{path}' and its key: {broken.Message} Delete both; 'domicile up' issues "
                    + "new ones.",
                broken);
        }
    }
}
