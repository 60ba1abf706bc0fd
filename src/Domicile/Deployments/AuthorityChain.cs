using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Domicile.Deployments;

/// <summary>Whether a certificate is of one authority, and of no other that this machine may trust.</summary>
internal static class AuthorityChain
{
    /// <summary>Null: it is good. Nothing is fetched from the network, whatever the certificate says.</summary>
    /// <param name="now">Null: the machine's clock.</param>
    /// <param name="usages">Extended key usages that it must allow, all of them.</param>
    public static string? Check(
        X509Certificate2 certificate, X509Certificate2 authority, DateTimeOffset? now,
        params ReadOnlySpan<string> usages)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.Add(authority);
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        foreach (var usage in usages)
        {
            policy.ApplicationPolicy.Add(new Oid(usage));
        }

        if (now is { } time)
        {
            policy.VerificationTime = time.UtcDateTime;
        }

        return Build(chain, certificate);
    }

    private static string? Build(X509Chain chain, X509Certificate2 certificate)
    {
        try
        {
            return chain.Build(certificate) ? null
                : $"the certificate is not good: {string.Join(", ", chain.ChainStatus.Select(one => one.Status))}";
        }
        catch (CryptographicException broken)
        {
            return $"the certificate can't be checked: {broken.Message}";
        }
        finally
        {
            // The chain's certificates are copies that the chain doesn't dispose.
            foreach (var element in chain.ChainElements)
            {
                element.Certificate.Dispose();
            }
        }
    }
}
