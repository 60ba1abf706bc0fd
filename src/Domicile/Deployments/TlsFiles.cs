using System.Security.Cryptography.X509Certificates;

namespace Domicile.Deployments;

/// <summary>The certificates in a process's directory, DIR/PROCESS/tls/. The caller disposes what it loads.</summary>
internal static class TlsFiles
{
    public static string DirectoryOf(string dataDirectory, ProcessRole role)
        => Path.Combine(DataDirectory.PathOf(dataDirectory, role), "tls");

    /// <summary>What this process shows its peers, with its key.</summary>
    public static X509Certificate2 LoadPeer(string dataDirectory, ProcessRole role) => throw new NotImplementedException();

    /// <summary>What this process shows S3 and API clients, with its key.</summary>
    public static X509Certificate2 LoadServer(string dataDirectory, ProcessRole role) => throw new NotImplementedException();

    /// <summary>The authority's certificate, without its key.</summary>
    public static X509Certificate2 LoadAuthority(string dataDirectory, ProcessRole role) => throw new NotImplementedException();
}
