using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Domicile.Server.Hosting;

/// <summary>
/// Makes the small web applications that a process is composed of: one for each listener, so that no route of one can be
/// reached through another. Nothing is read from the environment or from files.
/// </summary>
internal static class WebHosts
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(10);

    /// <param name="bodyBytesMax">Of a request's body; null for no limit but the operation's own.</param>
    public static WebApplicationBuilder CreateBuilder(
        ILoggerFactory log, Action<KestrelServerOptions> listen, long? bodyBytesMax)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "domicile" });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.UseSockets(sockets => sockets.Backlog = EdgeLimits.BacklogMax);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = bodyBytesMax;
            kestrel.Limits.MaxRequestHeadersTotalSize = EdgeLimits.HeadBytesMax;
            kestrel.Limits.RequestHeadersTimeout = EdgeLimits.HeadMax;
            listen(kestrel);
        });
        builder.Services.AddSingleton<IConnectionListenerFactory>(services => new BoundedListeners(
            services.GetRequiredService<IOptions<SocketTransportOptions>>(), log, EdgeLimits.ConnectionsOpenMax));
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, RecordBlocks.Factory>();
        builder.Services.AddSingleton(log);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        return builder;
    }

    /// <summary>Of a listener that anybody may reach: a connection has little to spend before it is known whose it is.</summary>
    public static void LimitStrangers(KestrelServerOptions kestrel)
    {
        kestrel.Limits.KeepAliveTimeout = EdgeLimits.IdleMax;
        kestrel.Limits.Http2.MaxStreamsPerConnection = EdgeLimits.StreamsOfConnectionMax;
        kestrel.Limits.Http2.InitialStreamWindowSize = EdgeLimits.StreamWindowBytes;
        kestrel.Limits.Http2.InitialConnectionWindowSize = EdgeLimits.ConnectionWindowBytes;
    }

    /// <summary>The address that an application listens at, with the port that it got.</summary>
    public static Uri AddressOf(WebApplication app) => new(app.Urls.First());
}
