using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Domicile.Deployments;

/// <summary>What the deployment's certificates say, by RFC 5280.</summary>
internal static class CertificateForms
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    /// <summary>An authority that signs processes and no further authorities. The caller disposes it.</summary>
    public static X509Certificate2 NewAuthority(string deployment, ECDsa key, DateTimeOffset start, TimeSpan lifetime)
    {
        // The random part tells the authorities of two deployments of one name apart, in logs and in chains.
        var name = $"CN=Domicile {deployment} {RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        var extensions = request.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        extensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        extensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request.CreateSelfSigned(start, start + lifetime);
    }

    /// <summary>For the links between processes: both ends show one and check the other's.</summary>
    /// <param name="uri">See <see cref="ProcessRole.PeerName"/>.</param>
    /// <param name="hosts">Names and addresses besides localhost's.</param>
    public static CertificateForm NewPeer(string commonName, string uri, IEnumerable<string> hosts)
        => new(commonName, Names(hosts, uri), [ServerAuthentication, ClientAuthentication]);

    /// <summary>For S3 and API clients. It can't be shown on a peer link.</summary>
    public static CertificateForm NewServer(string commonName, IEnumerable<string> hosts)
        => new(commonName, Names(hosts, uri: null), [ServerAuthentication]);

    private static X509Extension Names(IEnumerable<string> hosts, string? uri)
    {
        var names = new SubjectAlternativeNameBuilder();
        if (uri is not null)
        {
            names.AddUri(new Uri(uri));
        }

        foreach (var host in hosts.Prepend("::1").Prepend("127.0.0.1").Prepend("localhost").Distinct())
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        return names.Build();
    }
}

/// <summary>A certificate to be: who it is for and what it is good for.</summary>
internal sealed class CertificateForm(string commonName, X509Extension names, IReadOnlyList<Oid> usages)
{
    private const int SerialLengthBytes = 16;

    /// <summary>Whether the certificate has these names and usages.</summary>
    public bool Describes(X509Certificate2 certificate)
        => HasExtension(certificate, names) && HasExtension(certificate, Usage());

    /// <summary>Without its key. The caller disposes it.</summary>
    public X509Certificate2 Sign(X509Certificate2 authority, ECDsa key, DateTimeOffset start, DateTimeOffset end)
    {
        var request = new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256);
        var extensions = request.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        extensions.Add(Usage());
        extensions.Add(names);
        extensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        extensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));

        // RFC 5280, 4.1.2.2: a positive number.
        var serial = RandomNumberGenerator.GetBytes(SerialLengthBytes);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return request.Create(authority, start, end, serial);
    }

    private X509EnhancedKeyUsageExtension Usage()
    {
        var collection = new OidCollection();
        foreach (var usage in usages)
        {
            collection.Add(usage);
        }

        return new X509EnhancedKeyUsageExtension(collection, critical: false);
    }

    private static bool HasExtension(X509Certificate2 certificate, X509Extension wanted)
        => certificate.Extensions.Any(one => one.Oid?.Value == wanted.Oid?.Value
            && one.RawData.AsSpan().SequenceEqual(wanted.RawData));
}
