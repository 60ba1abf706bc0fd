using Domicile.Control;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Server.Api;
using Domicile.Server.Peers;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Domicile.Server.Hosting;

/// <summary>
/// Control's process: the API for operators, the link for regions, health and metrics, and the loops behind them. Each
/// listener is an application of its own.
/// </summary>
internal static class ControlHost
{
    private static readonly ProcessRole.Control Role = new();

    /// <summary>Runs until it is told to stop. The certificates are in its directory already.</summary>
    /// <returns>Why it could not start, in one line; null where it ran.</returns>
    public static async Task<string?> RunAsync(
        DeploymentConfig config, string configPath, Endpoints endpoints, string dataDirectory, string? logFile,
        CancellationToken stop)
    {
        using var log = HostLogging.Open(logFile, TimeProvider.System);
        var directory = DataDirectory.PathOf(dataDirectory, Role);
        using var security = SecurityLog.Open(directory, TimeProvider.System);
        using var signer = new EcdsaSigner(SigningKey.LoadOrCreate(dataDirectory, Role));
        var tls = PeerTls.Load(dataDirectory, Role, config.Name, TimeProvider.System);
        var deployment = new DeploymentBook(config, endpoints);
        using var peers = new PeerClients(
            new PeerIdentity.Control(), tls.CreateHandler, endpoints.Control.Peer, deployment.FindPeer, TimeProvider.System);
        var orders = new OrderSigner(signer);
        var opened = await ControlDesk.OpenAsync(
            new ControlSetup
            {
                Deployment = deployment,
                Files = new DeploymentFiles(configPath, dataDirectory, TimeProvider.System),
                DatabasePath = Path.Combine(directory, ControlDatabase.FileName),
                FindPeer = region => deployment.FindPeer(region) is null ? null : new RegionPeerClient(peers, orders, region),
                Signer = signer,
                KeyHere = region => SigningKey.FindPublic(dataDirectory, new ProcessRole.Region(region)),
                Time = TimeProvider.System,
                Log = log,
            },
            stop);
        if (opened is ControlDeskResult.Refused refused)
        {
            return refused.Reason;
        }

        await using var desk = ((ControlDeskResult.Opened)opened).Desk;
        FirstStart.End(dataDirectory, Role);
        if (await ControlTokens.PrepareAsync(desk, config, directory, Entropy.System, stop) is { } trouble)
        {
            return trouble;
        }

        await using var api = BuildApi(
            desk, log, security, TimeProvider.System, kestrel => ListenForApi(kestrel, config, endpoints, dataDirectory));
        await using var peer = BuildPeer(desk, log, security, tls, endpoints.Control.Peer);
        await using var management = BuildManagement(desk, log, endpoints.Control.Management);
        await ServeAsync(desk, api, [peer, api, management], stop);
        return null;
    }

    /// <summary>The API's application. It listens when it is started.</summary>
    public static WebApplication BuildApi(
        ControlDesk desk, ILoggerFactory log, SecurityLog security, TimeProvider time, Action<KestrelServerOptions> listen)
    {
        var builder = WebHosts.CreateBuilder(log, listen, ControlApi.BodyLengthBytesMax);
        ControlApi.AddServices(builder.Services, desk, security, time);
        var app = builder.Build();
        app.Use(RequestCheck.Before);
        ControlApi.Map(app);
        return app;
    }

    /// <param name="apps">Management last: who hears that the process is ready must find the others.</param>
    private static async Task ServeAsync(ControlDesk desk, WebApplication api, WebApplication[] apps, CancellationToken stop)
    {
        foreach (var app in apps)
        {
            await app.StartAsync(stop);
        }

        var running = desk.RunAsync(stop);
        await Console.Out.WriteLineAsync($"ready control {WebHosts.AddressOf(api).ToString().TrimEnd('/')}");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var app in apps.Reverse())
        {
            await app.StopAsync(CancellationToken.None);
        }

        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static void ListenForApi(
        KestrelServerOptions kestrel, DeploymentConfig config, Endpoints endpoints, string dataDirectory)
    {
        WebHosts.LimitStrangers(kestrel);
        kestrel.Listen(Listeners.EndPointOf(endpoints.Control.Listen), listen =>
        {
            var isTls = config.Tls || endpoints.Control.Listen.Scheme == Uri.UriSchemeHttps;
            listen.Protocols = isTls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;
            ListenerEdge.Use(listen, isTls ? TlsFiles.LoadServer(dataDirectory, Role) : null);
        });
    }

    private static WebApplication BuildPeer(ControlDesk desk, ILoggerFactory log, SecurityLog security, PeerTls tls, Uri listen)
    {
        var app = WebHosts.CreateBuilder(
            log, kestrel => tls.Listen(kestrel, Listeners.EndPointOf(listen), security), ControlApi.BodyLengthBytesMax).Build();
        var endpoints = new ControlPeerEndpoints(tls, security, desk.HasRegion, desk.DirectorySince, desk.FindAccount);
        app.Run(RequestCheck.Before(endpoints.HandleAsync));
        return app;
    }

    private static WebApplication BuildManagement(ControlDesk desk, LimitedLogs log, Uri listen)
    {
        var app = WebHosts.CreateBuilder(log, kestrel => kestrel.Listen(Listeners.EndPointOf(listen)), 0).Build();
        Management.Map(app, () => MetricsText.Write(ControlMetrics.Read(desk).Concat(log.Read()).Concat(MetricsText.OfProcess())));
        return app;
    }
}
