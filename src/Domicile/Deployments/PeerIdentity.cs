using System.Security.Cryptography.X509Certificates;
using Domicile.Accounts;

namespace Domicile.Deployments;

/// <summary>Who is at the other end of a peer link, by its certificate.</summary>
internal abstract record PeerIdentity
{
    private PeerIdentity()
    {
    }

    /// <summary>
    /// Trusts this authority and no other, checks time, extended key usage (client and server) and the one name
    /// <c>domicile://DEPLOYMENT/…</c>. No revocation: certificates are short-lived, a deployment changes its authority.
    /// </summary>
    /// <param name="deployment">Of which the peer must be.</param>
    /// <param name="now">From a <see cref="TimeProvider"/>; null: the machine's clock.</param>
    public static PeerIdentity FromCertificate(
        X509Certificate2 certificate, X509Certificate2 authority, string deployment, DateTimeOffset? now = null)
        => throw new NotImplementedException();

    public sealed record Control : PeerIdentity;

    public sealed record Region(RegionName Name) : PeerIdentity;

    public sealed record Refused(string Reason) : PeerIdentity;
}
