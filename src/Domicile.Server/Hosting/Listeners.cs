using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Domicile.Deployments;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Domicile.Server.Hosting;

/// <summary>How the processes of a deployment listen.</summary>
internal static class Listeners
{
    /// <summary>At an address of the configuration, https where a certificate is given.</summary>
    public static void Listen(this KestrelServerOptions kestrel, Uri url, X509Certificate2? certificate)
        => Bind(kestrel, url, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(new HttpsConnectionAdapterOptions
                {
                    ServerCertificate = certificate,
                    SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                });
            }
        });

    /// <summary>For processes of the deployment alone: certificates on both sides, checked by <see cref="PeerIdentity"/>.</summary>
    public static void ListenForPeers(
        this KestrelServerOptions kestrel, Uri url, X509Certificate2 own, X509Certificate2 authority, string deployment)
        => Bind(kestrel, url, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = own,
            SslProtocols = SslProtocols.Tls13,
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (certificate, _, errors) =>
                !errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable)
                && PeerIdentity.FromCertificate(certificate, authority, deployment) is not PeerIdentity.Refused,
        }));

    private static void Bind(KestrelServerOptions kestrel, Uri url, Action<ListenOptions> configure)
    {
        if (Listener.AddressOf(url) is { } address)
        {
            kestrel.Listen(new IPEndPoint(address, url.Port), configure);
        }
        else
        {
            kestrel.ListenLocalhost(url.Port, configure);
        }
    }
}
