using System.Globalization;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Server.Peers;
using Domicile.Server.S3;
using Domicile.Server.S3.Bodies;
using Domicile.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Net.Http.Headers;

namespace Domicile.Server.Hosting;

/// <summary>
/// The process of one region's node: S3 for clients, the link for control and other regions, health and metrics. Each
/// listener is an application of its own.
/// </summary>
internal static partial class RegionHost
{
    private const long StreamBytesAhead = 1 << 20;

    /// <summary>Runs until it is told to stop. The certificates are in its directory already.</summary>
    public static async Task RunAsync(
        DeploymentConfig config, RegionName name, Endpoints endpoints, string dataDirectory, string? logFile,
        CancellationToken stop)
    {
        var role = new ProcessRole.Region(name);
        using var log = HostLogging.Open(logFile, TimeProvider.System);

        // :: Step 1: what the region is made of.
        var tls = PeerTls.Load(dataDirectory, role, config.Name, TimeProvider.System);
        SayWhatIsOdd(log.CreateLogger(nameof(RegionHost)), tls);
        var directory = DataDirectory.PathOf(dataDirectory, role);
        using var security = SecurityLog.Open(directory, TimeProvider.System);
        using var custodian = await LocalCustodian.OpenAsync(directory, stop);
        await using var storage = RegionStorage.Open(
            directory, custodian, TimeProvider.System, summarize: AccountSurvey.Summarize);
        using var replica = RegionDirectory.Open(
            directory, [.. config.Regions.Select(region => RegionMember.Of(region, endpoints.Regions[region.Facts.Name].Peer))]);
        using var peers = new PeerClients(
            new PeerIdentity.Region(name), tls.CreateHandler, endpoints.Control.Peer,
            new PeerAddresses(dataDirectory, replica).Find, TimeProvider.System);
        using var links = new RegionLinks(peers, region => replica.FindMember(region) is not null, TimeProvider.System);
        var options = new S3Options(name, () => replica.Members);
        using var signer = new EcdsaSigner(SigningKey.LoadOrCreate(dataDirectory, role));
        FirstStart.End(dataDirectory, role);
        await using var memory = new MemorySweep(TimeProvider.System);
        await using var node = new RegionNode(
            new RegionContext
            {
                Self = config.Find(name)!.Facts,
                Storage = storage,
                Directory = replica,
                Links = links,
                Signer = signer,
                Orders = new OrderCheck(TlsFiles.LoadControlKey(dataDirectory, role)),
                Time = TimeProvider.System,
                Erasing = ErasingBounds(),
                SweepMemory = memory.Ask,
                Security = security,
            },
            new RequestReplay(options),
            log);

        // :: Step 2: the listeners.
        var own = endpoints.Regions[name];
        var s3 = new S3Endpoint(
            node.Gateway, new RequestForwarder(peers, new UnprovenBodies(EdgeLimits.UnprovenBodiesBytesMax), TimeProvider.System),
            options, security, TimeProvider.System, log.CreateLogger<S3Endpoint>());
        await using var clients = Build(
            log, kestrel => ListenForClients(kestrel, own.Listen, dataDirectory, role),
            ListenerEdge.Follow(s3.HandleAsync));
        await using var link = Build(
            log, kestrel => ListenForPeers(kestrel, own.Peer, tls, security),
            new RegionPeerEndpoints(node, tls, s3.HandleAsync, log.CreateLogger<RegionPeerEndpoints>()).HandleAsync);
        await using var management = BuildManagement(node, peers, log, own.Management);

        // :: Step 3: what runs beside the requests.
        node.Start();
        await using var sync = new DirectorySync(node.Region, peers, log.CreateLogger<DirectorySync>());
        sync.Start();
        await ServeAsync([link, clients, management], own.Listen, stop);
    }

    private static void SayWhatIsOdd(ILogger log, PeerTls tls)
    {
        if (tls.Untimely is { } untimely)
        {
            LogUntimely(log, untimely);
        }

        if (ProcessFiles.Max < ProcessFiles.Few)
        {
            LogFewFiles(log, ProcessFiles.Max, EdgeLimits.ConnectionsMax);
        }
    }

    /// <param name="apps">Management last: who hears that the process is ready must find the others.</param>
    private static async Task ServeAsync(WebApplication[] apps, Uri listen, CancellationToken stop)
    {
        foreach (var app in apps)
        {
            await app.StartAsync(stop);
        }

        await Console.Out.WriteLineAsync($"ready region {listen.ToString().TrimEnd('/')}");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var app in apps.Reverse())
        {
            await app.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>Seconds that an erasure waits before it cuts, instead of a minute: for tests.</summary>
    internal const string PatienceSwitch = "DOMICILE_ERASE_PATIENCE_SECONDS";

    private static ErasureBounds ErasingBounds()
        => int.TryParse(Environment.GetEnvironmentVariable(PatienceSwitch), NumberStyles.None, CultureInfo.InvariantCulture,
            out var seconds) && TimeSpan.FromSeconds(seconds) < MoveLimits.HoldsMax
            ? new ErasureBounds(TimeSpan.FromSeconds(seconds), MoveLimits.CutMax)
            : new ErasureBounds(MoveLimits.HoldsMax, MoveLimits.CutMax);

    private static WebApplication Build(ILoggerFactory log, Action<KestrelServerOptions> listen, RequestDelegate handle)
    {
        var app = WebHosts.CreateBuilder(log, kestrel => Listen(kestrel, listen), bodyBytesMax: null).Build();
        app.Run(RequestCheck.Before(handle));
        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, Action<KestrelServerOptions> listen)
    {
        kestrel.Limits.MaxRequestLineSize = EdgeLimits.RequestLineBytesMax;
        kestrel.AllowAlternateSchemes = true;

        // User metadata is UTF-8, as S3's clients send it. (Of Content-Length Kestrel reads more than 20 digits as a broken
        // connection in any encoding but its own.)
        kestrel.RequestHeaderEncodingSelector = name => string.Equals(
            name, HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase) ? null : System.Text.Encoding.UTF8;
        kestrel.ResponseHeaderEncodingSelector = _ => System.Text.Encoding.UTF8;
        listen(kestrel);
    }

    private static void ListenForClients(
        KestrelServerOptions kestrel, Uri listen, string dataDirectory, ProcessRole role)
    {
        WebHosts.LimitStrangers(kestrel);
        kestrel.Listen(Listeners.EndPointOf(listen), at =>
        {
            at.Protocols = HttpProtocols.Http1AndHttp2;
            ListenerEdge.Use(at, listen.Scheme == Uri.UriSchemeHttps ? TlsFiles.LoadServer(dataDirectory, role) : null);
        });
    }

    private static void ListenForPeers(KestrelServerOptions kestrel, Uri listen, PeerTls tls, SecurityLog security)
    {
        // A move's stream: what is read and encrypted may run ahead of what is sent.
        kestrel.Limits.MaxResponseBufferSize = StreamBytesAhead;
        kestrel.Limits.MaxRequestHeadersTotalSize = RelayEndpoint.HeadBytesMax;
        tls.Listen(kestrel, Listeners.EndPointOf(listen), security);
    }

    private static WebApplication BuildManagement(RegionNode node, PeerClients peers, LimitedLogs log, Uri listen)
    {
        var app = WebHosts.CreateBuilder(log, kestrel => kestrel.Listen(Listeners.EndPointOf(listen)), 0).Build();
        Management.Map(app, () => MetricsText.Write(RegionMetrics.Read(node, peers, log).Concat(MetricsText.OfProcess())));
        return app;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "This process may have {Files} files open, so it takes {Connections} connections of clients at a time, and keeps "
            + "few accounts open. Raise it: LimitNOFILE=65536 under systemd, or ulimit -n 65536 before the start.")]
    private static partial void LogFewFiles(ILogger log, long files, int connections);

    [LoggerMessage(Level = LogLevel.Critical,
        Message = "{Untimely} No other process believes this one, and clients' signatures are refused if the clock is wrong. "
            + "Set the clock (NTP). If the clock is right, restart control, which renews certificates, and copy this region's tls/ "
            + "from its machine.")]
    private static partial void LogUntimely(ILogger log, string untimely);
}
