using System.Collections.Concurrent;

namespace Domicile.Server.Hosting;

/// <summary>
/// A process's log, bounded: so many lines of one kind in a minute, and then how many there were besides. Whoever can make
/// this process complain, can't fill its disk with that, nor hide other lines among them.
/// </summary>
internal sealed partial class LimitedLogs : ILoggerFactory
{
    private readonly ILoggerFactory _inner;
    private readonly LogRotation? _rotation;
    private readonly TimeProvider _time;
    private readonly ITimer _look;
    private readonly ConcurrentDictionary<(string Category, int Event, string? Name), Kind> _kinds = new();
    private long _leftOut;

    /// <param name="rotation">Of the file that the lines end in; null where they end elsewhere.</param>
    public LimitedLogs(ILoggerFactory inner, LogRotation? rotation, TimeProvider time)
    {
        (_inner, _rotation, _time) = (inner, rotation, time);
        Look();
        _look = time.CreateTimer(_ => Look(), null, LogLimits.LookedEvery, LogLimits.LookedEvery);
    }

    public IEnumerable<Metric> Read()
    {
        yield return new Metric(
            "domicile_log_left_out_total", "Lines that were not logged since there were too many of their kind.", true,
            Interlocked.Read(ref _leftOut));
    }

    public ILogger CreateLogger(string categoryName) => new Limited(this, _inner.CreateLogger(categoryName), categoryName);

    public void AddProvider(ILoggerProvider provider) => _inner.AddProvider(provider);

    public void Dispose()
    {
        _look.Dispose();
        foreach (var kind in _kinds.Values)
        {
            kind.Tell(null);
        }

        _inner.Dispose();
    }

    private void Look()
    {
        foreach (var kind in _kinds.Values)
        {
            kind.Tell(_time.GetUtcNow());
        }

        try
        {
            _rotation?.Rotate();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The log goes on where it is, and the next look tries again.
            LogNotRotated(CreateLogger(nameof(LogRotation)), e.Message);
        }
    }

    private bool MayWrite(ILogger logger, string category, EventId id)
    {
        if (_kinds.GetOrAdd((category, id.Id, id.Name), _ => new Kind(logger, id)).TryTake(_time.GetUtcNow()))
        {
            return true;
        }

        Interlocked.Increment(ref _leftOut);
        return false;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "… {Count} more of this kind ({Kind}) in the last minute.")]
    private static partial void LogLeftOut(ILogger log, long count, string kind);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log file can't be rotated: {Cause}")]
    private static partial void LogNotRotated(ILogger log, string cause);

    private sealed class Limited(LimitedLogs logs, ILogger inner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (inner.IsEnabled(logLevel) && logs.MayWrite(inner, category, eventId))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }

    /// <summary>Lines of one kind in the minute that began with the first of them.</summary>
    private sealed class Kind(ILogger logger, EventId id)
    {
        private readonly Lock _gate = new();
        private DateTimeOffset _began;
        private int _lines;
        private long _leftOut;

        public bool TryTake(DateTimeOffset now)
        {
            lock (_gate)
            {
                TellIfOver(now);
                if (_lines == 0)
                {
                    _began = now;
                }

                if (_lines < LogLimits.LinesOfKindPerMinute)
                {
                    _lines++;
                    return true;
                }

                _leftOut++;
                return false;
            }
        }

        /// <param name="now">Null where there will be no later.</param>
        public void Tell(DateTimeOffset? now)
        {
            lock (_gate)
            {
                TellIfOver(now);
            }
        }

        private void TellIfOver(DateTimeOffset? now)
        {
            if (now is { } time && time - _began < LogLimits.Window)
            {
                return;
            }

            if (_leftOut > 0)
            {
                LogLeftOut(logger, _leftOut, id.Name ?? id.ToString());
            }

            (_lines, _leftOut) = (0, 0);
        }
    }
}
