using System.Security.Cryptography.X509Certificates;

namespace Domicile.Deployments;

/// <summary>
/// The deployment's own certificate authority, ECDSA P-256: DIR/control/ca/ca.pem and ca.key (0600). It vouches for the
/// deployment's processes to each other, and for S3 and the API where <c>tls</c> is on. Trusted by nobody else.
/// </summary>
internal sealed class DeploymentAuthority : IDisposable
{
    private DeploymentAuthority(X509Certificate2 certificate) => Certificate = certificate;

    public X509Certificate2 Certificate { get; }

    /// <summary>Loads the authority, or makes it where there is none.</summary>
    public static DeploymentAuthority Open(string dataDirectory, string deployment, TimeProvider time)
        => throw new NotImplementedException();

    /// <summary>
    /// Gives every process its tls/ directory: ca.pem, peer.pem, peer.key, and s3.pem and s3.key (control: api.pem and
    /// api.key) where it serves https. Keeps what is still good; renews what expires within 30 days or has other names.
    /// </summary>
    public void IssueAll(DeploymentConfig config) => throw new NotImplementedException();

    public void Dispose() => Certificate.Dispose();
}
