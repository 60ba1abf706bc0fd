using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Domicile.Deployments;

namespace Domicile.Cli.Local;

/// <summary>How the CLI reaches the control of a deployment on this machine: its URL, token and authority, from its files.</summary>
internal sealed record LocalAccess(Uri Control, string Token)
{
    public static LocalAccess Find(DeploymentAddress address)
    {
        var directory = Path.GetFullPath(address.DataDirectory);
        var tokenPath = Path.Combine(directory, "control", "token");
        var control = UpState.Load(directory)?.Control.Url ?? Endpoints.Load(directory)?.Control.Listen;
        if (control is null || !File.Exists(tokenPath))
        {
            throw new VerbFailedException(
                $"No deployment in {address.ShownDirectory}", $"start one with `{UpCommand(address)}`");
        }

        return new LocalAccess(control, TokenFile.ReadOwn(tokenPath));
    }

    public static string UpCommand(DeploymentAddress address)
        => address.DataDirectory == Globals.DefaultData ? "domicile up" : $"domicile up --data {address.ShownDirectory}";

    /// <summary>Trusts the deployment's own authority, where it has one, and nothing else.</summary>
    public static SocketsHttpHandler Handler(string directory, TimeSpan connectTimeout)
    {
        var handler = new SocketsHttpHandler { ConnectTimeout = connectTimeout, UseProxy = false };
        var authority = Path.Combine(directory, "control", "ca", "ca.pem");
        if (File.Exists(authority))
        {
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Trust(authority) };
        }

        return handler;
    }

    private static X509ChainPolicy Trust(string authority)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPemFile(authority);
        return policy;
    }
}
