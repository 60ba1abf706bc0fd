using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Domicile.Deployments;
using Domicile.Server.Hosting;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Domicile.Server.Peers;

/// <summary>
/// The deployment's links: TLS with certificates on both sides, from the deployment's own authority, which nothing else in
/// the machine's trust store can stand in for.
/// </summary>
internal sealed class PeerTls(X509Certificate2 own, X509Certificate2 authority, string deployment, TimeProvider time)
{
    // How long a listener keeps a connection that nobody uses: longer than its peers do, so that none asks in vain.
    private static readonly TimeSpan IdleAtListenerMax = TimeSpan.FromMinutes(6);

    private static readonly TimeSpan IdleMax = TimeSpan.FromMinutes(5);

    private static readonly object IdentityKey = new();

    /// <summary>Why no other process takes this one's certificate just now; null while it is good.</summary>
    public string? Untimely => TlsFiles.TroubleOf(own, time.GetUtcNow());

    public static PeerTls Load(string dataDirectory, ProcessRole role, string deployment, TimeProvider time)
        => new(
            TlsFiles.LoadPeer(dataDirectory, role), TlsFiles.LoadAuthority(dataDirectory, role), deployment, time);

    /// <summary>Opens the peer listener: whoever shows no certificate of this deployment doesn't get past the handshake.</summary>
    public void Listen(KestrelServerOptions kestrel, IPEndPoint at, SecurityLog security)
    {
        // Regions of one deployment may share an address, so before the handshake only what waits can be displaced.
        var handshakes = new ConnectionShares(EdgeLimits.ConnectionsMax, EdgeLimits.ConnectionsMax, time);
        var peers = new ConnectionShares(
            EdgeLimits.ConnectionsMax, EdgeLimits.ConnectionsOfPeerMax, time, EdgeLimits.ConnectionsOfPeerMax, new PeerIdentity.Control());
        kestrel.Limits.KeepAliveTimeout = IdleAtListenerMax;
        kestrel.Listen(at, listen =>
        {
            ListenerEdge.Share(listen, handshakes);
            ListenerEdge.TellFailedHandshakes(
                listen, address => security.Record(SecurityEvent.HandshakeFailed, SecuritySource.Of(address), "noCertificateOfOurs"));
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = own,
                HandshakeTimeout = EdgeLimits.HandshakeMax,
                ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                ClientCertificateValidation = (certificate, _, _) => Identify(certificate) is not PeerIdentity.Refused,
            });
            ListenerEdge.SharePeers(listen, peers, Identify);
        });
    }

    /// <summary>A handler that talks to that process and no other, whatever answers at its address.</summary>
    public SocketsHttpHandler CreateHandler(PeerIdentity expected) => new()
    {
        // Of two round trips that a new connection takes on a long link, a move and a relayed request should know nothing.
        PooledConnectionIdleTimeout = IdleMax,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        ConnectCallback = PeerSocket.ConnectAsync,

        // A connection that was lost in silence is found out, and no question waits for its own time to pass.
        KeepAlivePingDelay = TimeSpan.FromSeconds(5),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
        EnableMultipleHttp2Connections = true,

        // Longer than a request waits at the other end's gateway: a body is not sent to a region that may not want it.
        Expect100ContinueTimeout = TimeSpan.FromSeconds(40),
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        RequestHeaderEncodingSelector = (_, _) => System.Text.Encoding.UTF8,
        ResponseHeaderEncodingSelector = (_, _) => System.Text.Encoding.UTF8,
        SslOptions = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ClientCertificates = [own],
            LocalCertificateSelectionCallback = (_, _, _, _, _) => own,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => IsOf(expected, certificate),
        },
    };

    /// <summary>Who is at the other end of this request's connection; found out once per connection.</summary>
    public PeerIdentity IdentityOf(HttpContext context)
    {
        var items = context.Features.Get<IConnectionItemsFeature>()?.Items;
        if (items is not null && items.TryGetValue(IdentityKey, out var known) && known is PeerIdentity identity)
        {
            return identity;
        }

        identity = context.Connection.ClientCertificate is { } certificate
            ? Identify(certificate)
            : new PeerIdentity.Refused("no certificate");
        items?[IdentityKey] = identity;
        return identity;
    }

    /// <exception cref="AuthenticationException">It is not, and why: without it nobody would be told.</exception>
    private bool IsOf(PeerIdentity expected, X509Certificate? certificate)
        => certificate is not X509Certificate2 shown ? throw new AuthenticationException("it shows no certificate.")
            : TlsFiles.TroubleOf(shown, time.GetUtcNow()) is { } untimely
                ? throw new AuthenticationException($"{untimely} Is this clock right, and its?")
            : Identify(shown) switch
            {
                PeerIdentity.Refused(var reason) => throw new AuthenticationException(reason),
                var found => found == expected ? true : throw new AuthenticationException($"{found} answers in its place."),
            };

    private PeerIdentity Identify(X509Certificate2 certificate)
        => PeerIdentity.FromCertificate(certificate, authority, deployment, time.GetUtcNow());
}
