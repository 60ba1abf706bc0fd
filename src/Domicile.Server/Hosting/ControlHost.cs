using System.Security.Cryptography.X509Certificates;
using Domicile.Accounts;
using Domicile.Control;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Server.Api;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Domicile.Server.Hosting;

/// <summary>What the links between processes bring to control's process.</summary>
/// <param name="Connect">Makes control's view of every region.</param>
/// <param name="MapPeer">Maps what control answers to regions, on the listener for peers.</param>
internal sealed record ControlLinks(
    Func<ControlStart, IReadOnlyDictionary<RegionName, IRegionPeer>> Connect, Action<WebApplication, ControlDesk> MapPeer);

/// <summary>What control starts from.</summary>
/// <param name="Certificate">What it shows its peers.</param>
internal sealed record ControlStart(
    DeploymentConfig Config, Endpoints Endpoints, string DataDirectory, X509Certificate2 Certificate,
    X509Certificate2 Authority, TimeProvider Time, ILoggerFactory Log)
{
    public string OwnDirectory => Deployments.DataDirectory.PathOf(DataDirectory, new ProcessRole.Control());

    public ProcessEndpoints Own => Endpoints.Control;
}

/// <summary>Control's process: the API, the listener for peers, management, and the loops behind them.</summary>
internal static class ControlHost
{
    private static readonly ProcessRole.Control Role = new();

    /// <summary>Runs until it is told to stop.</summary>
    /// <returns>Why it could not start, in one line; null where it ran.</returns>
    public static async Task<string?> RunAsync(
        DeploymentConfig config, string dataDirectory, ControlLinks links, CancellationToken stop)
    {
        var opened = DataDirectory.Open(dataDirectory, config.Name, Role);
        if (opened is DataDirectoryResult.Refused refused)
        {
            return refused.Reason;
        }

        using var directory = ((DataDirectoryResult.Opened)opened).Directory;
        using var log = ProcessLog.Create();
        using (var authority = DeploymentAuthority.Open(dataDirectory, config.Name, TimeProvider.System))
        {
            authority.IssueAll(config);
        }

        using var certificate = TlsFiles.LoadPeer(dataDirectory, Role);
        using var trusted = TlsFiles.LoadAuthority(dataDirectory, Role);
        using var signer = new EcdsaSigner(SigningKey.LoadOrCreate(dataDirectory, Role));
        var endpoints = Endpoints.Load(dataDirectory) ?? EndpointPlan.Resolve(config, dataDirectory);
        var start = new ControlStart(config, endpoints, dataDirectory, certificate, trusted, TimeProvider.System, log);
        switch (await OpenAsync(start, links, signer, stop))
        {
            case ControlDeskResult.Refused no:
                return no.Reason;
            case ControlDeskResult.Opened { Desk: var desk }:
                await using (desk)
                {
                    return await ServeAsync(start, desk, links, stop);
                }

            default:
                throw new InvariantViolatedException(nameof(ControlDeskResult));
        }
    }

    /// <summary>The API's application. It listens when it is started.</summary>
    public static WebApplication BuildApi(ControlDesk desk, ILoggerFactory log, Action<KestrelServerOptions> listen)
    {
        var builder = WebHosts.CreateBuilder(log, listen, ControlApi.BodyLengthBytesMax);
        ControlApi.AddServices(builder.Services, desk);
        var app = builder.Build();
        ControlApi.Map(app);
        return app;
    }

    private static Task<ControlDeskResult> OpenAsync(
        ControlStart start, ControlLinks links, EcdsaSigner signer, CancellationToken stop)
        => ControlDesk.OpenAsync(
            new ControlSetup
            {
                Config = start.Config,
                DatabasePath = Path.Combine(start.OwnDirectory, ControlDatabase.FileName),
                Peers = links.Connect(start),
                Signer = signer,
                Time = start.Time,
                Log = start.Log,
            },
            stop);

    private static async Task<string?> ServeAsync(
        ControlStart start, ControlDesk desk, ControlLinks links, CancellationToken stop)
    {
        var trouble = await ControlTokens.PrepareAsync(desk, start.Config, start.OwnDirectory, Entropy.System, stop);
        if (trouble is not null)
        {
            return trouble;
        }

        using var shown = start.Config.Tls ? TlsFiles.LoadServer(start.DataDirectory, Role) : null;
        await using var api = BuildApi(desk, start.Log, kestrel => kestrel.Listen(start.Own.Listen, shown));
        await using var peer = BuildPeer(start, desk, links);
        await using var management = BuildManagement(start, desk);
        WebApplication[] apps = [management, peer, api];
        foreach (var app in apps)
        {
            await app.StartAsync(stop);
        }

        using var loops = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var running = desk.RunAsync(loops.Token);
        Console.WriteLine($"ready control {WebHosts.AddressOf(api).ToString().TrimEnd('/')}");
        await Task.Delay(Timeout.InfiniteTimeSpan, start.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var app in apps.Reverse())
        {
            await app.StopAsync(CancellationToken.None);
        }

        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return null;
    }

    private static WebApplication BuildPeer(ControlStart start, ControlDesk desk, ControlLinks links)
    {
        var app = WebHosts.CreateBuilder(
            start.Log,
            kestrel => kestrel.ListenForPeers(start.Own.Peer, start.Certificate, start.Authority, start.Config.Name),
            ControlApi.BodyLengthBytesMax).Build();
        links.MapPeer(app, desk);
        return app;
    }

    private static WebApplication BuildManagement(ControlStart start, ControlDesk desk)
    {
        var app = WebHosts.CreateBuilder(start.Log, kestrel => kestrel.Listen(start.Own.Management, null), 0).Build();
        ManagementEndpoints.Map(app, new ManagementSources(() => null, () => ControlMetrics.Read(desk)));
        return app;
    }
}
