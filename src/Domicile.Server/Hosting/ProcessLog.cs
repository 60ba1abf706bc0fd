using Microsoft.Extensions.Logging.Console;

namespace Domicile.Server.Hosting;

/// <summary>A process's log: one line for each event on stderr. stdout belongs to the line that says it is ready.</summary>
internal static class ProcessLog
{
    public static ILoggerFactory Create()
        => LoggerFactory.Create(logging => logging
            .SetMinimumLevel(LogLevel.Information)
            // Requests' paths hold names of buckets and objects, which no log may have.
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("System", LogLevel.Warning)
            .AddConsole(console =>
            {
                console.FormatterName = ConsoleFormatterNames.Simple;
                console.LogToStandardErrorThreshold = LogLevel.Trace;
            })
            .AddSimpleConsole(form =>
            {
                form.SingleLine = true;
                form.UseUtcTimestamp = true;
                form.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
                form.ColorBehavior = LoggerColorBehavior.Disabled;
            }));
}
