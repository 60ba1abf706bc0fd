using Microsoft.Extensions.Logging;

namespace Domicile.Tests.Hosting;

/// <summary>Keeps what is logged.</summary>
internal sealed class LinesOfLog : ILoggerFactory, ILogger
{
    private readonly Lock _gate = new();
    private readonly List<(string Line, Exception? Exception)> _lines = [];

    public IReadOnlyList<(string Line, Exception? Exception)> Lines
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            lock (_gate)
            {
                _lines.Add((formatter(state, exception), exception));
            }
        }
    }
}
