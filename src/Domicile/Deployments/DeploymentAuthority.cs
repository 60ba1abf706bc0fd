using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Domicile.Deployments;

/// <summary>
/// The deployment's own certificate authority, ECDSA P-256: DIR/control/ca/ca.pem and ca.key (0600). It vouches for the
/// deployment's processes to each other, and for S3 and the API where <c>tls</c> is on. Trusted by nobody else.
/// </summary>
internal sealed class DeploymentAuthority : IDisposable
{
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3650);
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    /// <summary>Other machines' clocks may be behind ours by this much.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);

    private readonly string _dataDirectory;
    private readonly TimeProvider _time;

    private DeploymentAuthority(X509Certificate2 certificate, string dataDirectory, TimeProvider time)
        => (Certificate, _dataDirectory, _time) = (certificate, dataDirectory, time);

    /// <summary>With its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Made by an operator in its directory: draw a new authority at the next start. It goes when that has been done.</summary>
    private const string RenewName = "renew";

    /// <summary>
    /// Loads the authority, or makes it where there is none, where it expires within 30 days, or where an operator asks for it.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// Its files are there but damaged; or by this machine's clock it is not good now: nothing is issued by such a clock.
    /// </exception>
    public static DeploymentAuthority Open(string dataDirectory, string deployment, TimeProvider time)
    {
        var stem = Path.Combine(DataDirectory.PathOf(dataDirectory, new ProcessRole.Control()), "ca", "ca");
        var renew = Path.Combine(Path.GetDirectoryName(stem)!, RenewName);
        if (File.Exists($"{stem}.pem") && !File.Exists(renew))
        {
            var found = TlsFiles.LoadPair(stem);
            if (TlsFiles.TroubleOf(found, time.GetUtcNow()) is { } untimely)
            {
                found.Dispose();
                throw new InvalidDataException(
                    $"{untimely} Certificates of such a clock would be refused everywhere, so control does not start, and nothing was "
                    + $"changed. Set the clock (NTP) and start again. If the clock is right, the authority '{stem}.pem' has ended: "
                    + $"touch '{renew}' and start again, then copy each region's tls/ anew.");
            }

            if (ExpiresLater(found, time))
            {
                return new DeploymentAuthority(found, dataDirectory, time);
            }

            found.Dispose();
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var start = time.GetUtcNow() - ClockSkew;
        var certificate = CertificateForms.NewAuthority(deployment, key, start, AuthorityLifetime);
        TlsFiles.SavePair(stem, certificate, key);
        File.Delete(renew);
        return new DeploymentAuthority(certificate, dataDirectory, time);
    }

    /// <summary>
    /// Gives every process its tls/ directory: ca.pem, peer.pem, peer.key, and s3.pem and s3.key (control: api.pem and
    /// api.key) where it serves https. Keeps what is still good; renews what expires within 30 days or has other names.
    /// A region gets control.pub besides, the key of control's orders, which is made where there is none.
    /// </summary>
    public void IssueAll(DeploymentConfig config)
    {
        using var signing = SigningKey.LoadOrCreate(_dataDirectory, new ProcessRole.Control());
        var controlKey = signing.ExportSubjectPublicKeyInfoPem() + "\n";
        var control = config.Control;
        Issue(new ProcessRole.Control(), config.Name, control.Listen, [control.Listen, control.Peer], []);
        foreach (var region in config.Regions)
        {
            var role = new ProcessRole.Region(region.Facts.Name);
            Issue(role, config.Name, region.Listen, [region.Listen, region.Endpoint, region.Peer], region.Hosts);
            SmallFile.Replace(
                Path.Combine(TlsFiles.DirectoryOf(_dataDirectory, role), TlsFiles.ControlKey), controlKey, SmallFile.Public);
        }
    }

    public void Dispose() => Certificate.Dispose();

    private void Issue(ProcessRole role, string deployment, Uri listen, Uri?[] urls, IReadOnlyList<string> hosts)
    {
        var directory = TlsFiles.DirectoryOf(_dataDirectory, role);
        SmallFile.CreateDirectory(directory);
        var authority = Certificate.ExportCertificatePem() + "\n";
        SmallFile.Replace(Path.Combine(directory, TlsFiles.Authority), authority, SmallFile.Public);

        var name = $"{deployment} {role.DirectoryName}";
        var peer = CertificateForms.NewPeer(name, role.PeerName(deployment), HostsOf(urls));
        Issue(Path.Combine(directory, "peer"), peer);
        if (listen.Scheme == Uri.UriSchemeHttps)
        {
            // openssl takes no wildcard right below the root, so by its rules *.localhost matches nothing; others
            // take it.
            var bases = hosts.SelectMany(host => new[] { host, $"*.{host}" });
            string[] names = ["*.localhost", .. HostsOf(urls), .. bases];
            Issue(TlsFiles.ServerPath(_dataDirectory, role), CertificateForms.NewServer(name, names));
        }
    }

    private void Issue(string stem, CertificateForm form)
    {
        if (IsGood(stem, form))
        {
            return;
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var start = _time.GetUtcNow() - ClockSkew;
        var end = new DateTimeOffset(Certificate.NotAfter.ToUniversalTime());
        using var certificate = form.Sign(Certificate, key, start, start + Lifetime < end ? start + Lifetime : end);
        TlsFiles.SavePair(stem, certificate, key);
    }

    private bool IsGood(string stem, CertificateForm form)
    {
        try
        {
            using var found = TlsFiles.LoadPair(stem);
            return ExpiresLater(found, _time) && form.Describes(found)
                && AuthorityChain.Check(found, Certificate, _time.GetUtcNow()) is null;
        }
        catch (InvalidDataException)
        {
            // Missing, or a crash left it without its key: a new one takes its place.
            return false;
        }
    }

    private static bool ExpiresLater(X509Certificate2 certificate, TimeProvider time)
        => certificate.NotAfter.ToUniversalTime() > (time.GetUtcNow() + RenewBefore).UtcDateTime;

    /// <summary>Without "any address", which nobody connects to.</summary>
    private static string[] HostsOf(Uri?[] urls)
        => [.. urls.OfType<Uri>().Select(url => url.IdnHost)
            .Where(host => !IPAddress.TryParse(host, out var address) || !Listener.IsAny(address)).Distinct()];
}
