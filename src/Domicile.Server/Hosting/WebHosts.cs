using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Domicile.Server.Hosting;

/// <summary>
/// Makes the small web applications that a process is composed of: one for each listener, so that no route of one can be
/// reached through another. Nothing is read from the environment or from files.
/// </summary>
internal static class WebHosts
{
    private const int HeaderBytesMax = 32 * 1024;
    private const int ConnectionsMax = 2000;

    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(10);

    /// <param name="bodyBytesMax">Of a request's body; null for no limit but the operation's own.</param>
    public static WebApplicationBuilder CreateBuilder(
        ILoggerFactory log, Action<KestrelServerOptions> listen, long? bodyBytesMax)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "domicile" });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = bodyBytesMax;
            kestrel.Limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
            kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
            kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
            listen(kestrel);
        });
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, RecordBlocks.Factory>();
        builder.Services.AddSingleton(log);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        return builder;
    }

    /// <summary>The address that an application listens at, with the port that it got.</summary>
    public static Uri AddressOf(WebApplication app) => new(app.Urls.First());
}
