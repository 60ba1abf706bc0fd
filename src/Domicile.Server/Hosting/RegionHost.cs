using System.Net;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Server.Peers;
using Domicile.Server.S3;
using Domicile.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Net.Http.Headers;

namespace Domicile.Server.Hosting;

/// <summary>
/// The process of one region's node: S3 for clients, the link for control and other regions, health and metrics. Tests build
/// the same one.
/// </summary>
internal static class RegionHost
{
    /// <summary>How long requests under way may take to end when the process is asked to stop.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    public static async Task<WebApplication> BuildAsync(
        DeploymentConfig config, RegionName name, Endpoints endpoints, string dataDirectory, CancellationToken cancellationToken)
    {
        var role = new ProcessRole.Region(name);
        var time = TimeProvider.System;
        var builder = WebApplication.CreateSlimBuilder();
        HostLogging.Configure(builder);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = StopPatience);
        var logs = LoggerFactory.Create(HostLogging.Configure);

        // :: Step 1: what the region is made of.
        var tls = PeerTls.Load(dataDirectory, role, config.Name, time);
        var peers = new PeerClients(tls, endpoints);
        var directory = DataDirectory.PathOf(dataDirectory, role);
        var storage = RegionStorage.Open(directory, await LocalCustodian.OpenAsync(directory, cancellationToken), time);
        var node = new RegionNode(
            new RegionContext
            {
                Self = config.Find(name)!.Facts,
                Regions = config.Facts,
                Storage = storage,
                Directory = RegionDirectory.Open(directory),
                Links = new RegionLinks(peers, config),
                Signer = new EcdsaSigner(SigningKey.LoadOrCreate(dataDirectory, role)),
                Time = time,
            },
            logs);
        var s3 = new S3Endpoint(
            node.Gateway, new RequestForwarder(peers), OptionsOf(config, name), time, logs.CreateLogger<S3Endpoint>());
        var peerEndpoints = new RegionPeerEndpoints(node, tls, s3.HandleAsync);

        // :: Step 2: the listeners.
        var own = endpoints.Regions[name];
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, config, own, tls, dataDirectory, role));
        var app = builder.Build();

        // :: Step 3: which listener leads where.
        Management.Map(app, own.Management, RegionMetrics.Of(node));
        app.Run(context => context.Connection.LocalPort == own.Peer.Port
            ? peerEndpoints.HandleAsync(context)
            : s3.HandleAsync(context));

        // :: Step 4: what runs beside the requests.
        node.Start();
        var sync = new DirectorySync(node.Region, peers, logs.CreateLogger<DirectorySync>());
        sync.Start();
        app.Lifetime.ApplicationStopped.Register(() =>
        {
            // The last thing that the process does: nothing answers any more, so waiting here keeps nobody waiting.
            sync.DisposeAsync().AsTask().GetAwaiter().GetResult();
            node.DisposeAsync().AsTask().GetAwaiter().GetResult();
            storage.DisposeAsync().AsTask().GetAwaiter().GetResult();
            peers.Dispose();
        });
        return app;
    }

    private static S3Options OptionsOf(DeploymentConfig config, RegionName name)
        => new(name, [config.Find(name)!.Endpoint.Host, .. config.Find(name)!.Hosts]);

    private static void Listen(
        KestrelServerOptions kestrel, DeploymentConfig config, ProcessEndpoints own, PeerTls tls, string dataDirectory,
        ProcessRole role)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MaxRequestLineSize = 16 << 10;
        // Kestrel reads a Content-Length of more than 20 digits in another encoding than its own as a broken connection.
        kestrel.RequestHeaderEncodingSelector = name => string.Equals(
            name, HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase) ? null : System.Text.Encoding.UTF8;
        kestrel.ResponseHeaderEncodingSelector = _ => System.Text.Encoding.UTF8;
        kestrel.Listen(Listeners.EndPointOf(own.Listen), listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (own.Listen.Scheme == Uri.UriSchemeHttps)
            {
                // Clients agree on HTTP/2 in the handshake of TLS.
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(TlsFiles.LoadServer(dataDirectory, role));
            }
        });
        kestrel.Listen(Listeners.EndPointOf(own.Peer), listen => listen.UseHttps(tls.ServerOptions));
        kestrel.Listen(Listeners.EndPointOf(own.Management));
    }
}

/// <summary>URLs of listeners as addresses to bind.</summary>
internal static class Listeners
{
    public static IPEndPoint EndPointOf(Uri listen) => new(Listener.AddressOf(listen)!, listen.Port);
}
