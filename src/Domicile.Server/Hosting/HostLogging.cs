namespace Domicile.Server.Hosting;

/// <summary>Logs: single lines on standard error, warnings and what the process itself says. No secrets, no object names.</summary>
internal static class HostLogging
{
    /// <param name="file">Where standard error goes to, if it is a file that this process is to keep small; else null.</param>
    public static LimitedLogs Open(string? file, TimeProvider time)
        => new(LoggerFactory.Create(Configure), file is null ? null : new LogRotation(file), time);

    private static void Configure(ILoggingBuilder logging)
        => logging
            .SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("System", LogLevel.Warning)

            // That HTTP/2 needs TLS, which here it does not: see ListenerEdge.
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error)
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                console.UseUtcTimestamp = true;
                console.ColorBehavior = Microsoft.Extensions.Logging.Console.LoggerColorBehavior.Disabled;
            })
            .Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
                console => console.LogToStandardErrorThreshold = LogLevel.Trace);
}
