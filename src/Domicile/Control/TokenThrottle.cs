namespace Domicile.Control;

/// <summary>
/// Slows down who guesses tokens. Only failures count, each for its own source: after a few the source waits, longer each
/// time, and is not looked at meanwhile. Where failures come from everywhere at once, each source has one instead of a few;
/// one that has not failed is always looked at, so nobody's guesses lock another one out.
/// </summary>
/// <remarks>Remembers a bounded number of sources: beyond it the one whose failure is longest ago is forgotten.</remarks>
internal sealed class TokenThrottle(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();

    // Under _gate, with what is left of the failures that all sources have together.
    private readonly Dictionary<string, Source> _sources = [];
    private double _overallLeft = ControlLimits.TokenFailuresOverallMax;
    private TimeSpan _overallSince;

    /// <returns>How long the source has to wait; null: it may show its token.</returns>
    public TimeSpan? WaitOf(string source)
    {
        lock (_gate)
        {
            var now = Now;
            return _sources.TryGetValue(source, out var known) && known.WaitsUntil > now ? known.WaitsUntil - now : null;
        }
    }

    /// <summary>Says that a source has shown a token that nobody holds.</summary>
    public void Fail(string source)
    {
        lock (_gate)
        {
            var now = Now;
            var free = TakeOverall(now) ? ControlLimits.TokenFailuresFree : 1;
            var failures = _sources.TryGetValue(source, out var known) && now - known.LastFailure < ControlLimits.TokenFailuresForgotten
                ? known.Failures + 1 : 1;
            if (known is null && _sources.Count >= ControlLimits.TokenSourcesMax)
            {
                _sources.Remove(_sources.MinBy(one => one.Value.LastFailure).Key);
            }

            var wait = failures < free ? TimeSpan.Zero : WaitAfter(failures - free);
            _sources[source] = new Source(failures, now, now + wait);
        }
    }

    // Since the start, by the monotonic clock.
    private TimeSpan Now => time.GetElapsedTime(_start);

    // Twice as long each time.
    private static TimeSpan WaitAfter(int beyond)
    {
        const int doublingsMax = 16;
        var wait = ControlLimits.TokenWaitFirst * Math.Pow(2, Math.Min(beyond, doublingsMax));
        return wait < ControlLimits.TokenWaitMax ? wait : ControlLimits.TokenWaitMax;
    }

    private bool TakeOverall(TimeSpan now)
    {
        var refilled = (now - _overallSince).TotalSeconds * ControlLimits.TokenFailuresOverallPerSecond;
        _overallLeft = Math.Min(_overallLeft + Math.Max(0, refilled), ControlLimits.TokenFailuresOverallMax);
        _overallSince = now;
        if (_overallLeft < 1)
        {
            return false;
        }

        _overallLeft--;
        return true;
    }

    private sealed record Source(int Failures, TimeSpan LastFailure, TimeSpan WaitsUntil);
}
