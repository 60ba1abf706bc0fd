using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Domicile.Accounts;

namespace Domicile.Deployments;

/// <summary>Who is at the other end of a peer link, by its certificate.</summary>
internal abstract record PeerIdentity
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string SubjectAlternativeName = "2.5.29.17";
    private const string Scheme = "domicile://";

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
    {
        var problem = AuthorityChain.Check(certificate, authority, now, ServerAuthentication, ClientAuthentication);
        if (problem is not null)
        {
            return new Refused(problem);
        }

        // RFC 5280, 4.2.1.12: a certificate without this extension is good for anything; ours always have it.
        var usages = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>()
            .SelectMany(extension => extension.EnhancedKeyUsages.Cast<Oid>()).Select(oid => oid.Value).ToHashSet();
        if (!usages.Contains(ServerAuthentication) || !usages.Contains(ClientAuthentication))
        {
            return new Refused("the certificate is not for peers: it lacks client or server authentication");
        }

        var names = ReadUris(certificate);
        return names is [var name] ? Recognise(name, deployment)
            : new Refused($"a peer's certificate has one {Scheme} name, this one has {names?.Count ?? 0}");
    }

    private static Refused NotOf(string name, string deployment)
        => new($"'{name}' is no process of deployment '{deployment}'");

    private static PeerIdentity Recognise(string name, string deployment)
    {
        var prefix = $"{Scheme}{deployment}/";
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
        {
            return NotOf(name, deployment);
        }

        return name[prefix.Length..].Split('/') switch
        {
            ["control"] => new Control(),
            ["region", var text] when RegionName.TryParse(text, out var region) => new Region(region),
            _ => NotOf(name, deployment),
        };
    }

    /// <summary>
    /// The URIs of the subject alternative names (RFC 5280, 4.2.1.6: GeneralName [6]); null: malformed.
    /// </summary>
    private static List<string>? ReadUris(X509Certificate2 certificate)
    {
        var uris = new List<string>();
        try
        {
            foreach (var extension in certificate.Extensions.Where(one => one.Oid?.Value == SubjectAlternativeName))
            {
                var uriTag = new Asn1Tag(TagClass.ContextSpecific, 6);
                var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    if (names.PeekTag() == uriTag)
                    {
                        uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, uriTag));
                    }
                    else
                    {
                        names.ReadEncodedValue();
                    }
                }
            }

            return uris;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    public sealed record Control : PeerIdentity
    {
        public override string ToString() => "control";
    }

    public sealed record Region(RegionName Name) : PeerIdentity
    {
        public override string ToString() => $"region {Name}";
    }

    public sealed record Refused(string Reason) : PeerIdentity;
}
