namespace Domicile.Control;

/// <summary>
/// Seconds that remain, as they are shown: a clock that runs down, drawn towards what is newly known, so that the number
/// never jumps. In a second it goes down by that second and a tenth of itself at most, and up by a tenth of itself
/// (<see cref="ChangePerSecond"/>).
/// </summary>
internal sealed class SteadyEstimate(double seconds)
{
    public const double ChangePerSecond = 0.10;

    // So near it is left alone: what is newly known is no more exact.
    private const double Tolerance = 0.03;

    // Of what is amiss, so much is put right in a second.
    private const double DrawnPerSecond = 0.3;

    // A tenth of nearly nothing would be nothing: it counts as so many seconds.
    private const double ChangesFrom = 5;

    public double Seconds { get; private set; } = seconds;

    /// <param name="fresh">What is newly known.</param>
    /// <param name="elapsedSeconds">Since the last time.</param>
    public double Take(double fresh, double elapsedSeconds)
    {
        var byClock = Seconds - elapsedSeconds;
        var amiss = fresh - byClock;
        var drawn = Math.Abs(amiss) <= Tolerance * fresh ? 0 : amiss * (1 - Math.Exp(-DrawnPerSecond * elapsedSeconds));
        var most = ChangePerSecond * Math.Max(Seconds, ChangesFrom) * elapsedSeconds;
        Seconds = Math.Max(0, byClock + Math.Clamp(drawn, -most, most + elapsedSeconds));
        return Seconds;
    }
}

/// <summary>
/// How fast work goes, as a share of what was expected, smoothed over <see cref="Memory"/>: at first what was expected, then
/// more and more what is seen.
/// </summary>
internal sealed class WorkSpeed
{
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(5);

    /// <summary>Below this it stands still: nothing can be said of when it ends.</summary>
    public const double StandstillShare = 0.02;

    private readonly double _expected;

    public WorkSpeed(double expected) => Value = _expected = expected;

    /// <summary>Seconds of work that a second does.</summary>
    public double Value { get; private set; }

    public bool StandsStill => Value < StandstillShare * _expected;

    /// <param name="doneSeconds">Seconds of work that were done in that time; less than 0 where work was added.</param>
    public void Take(double doneSeconds, double elapsedSeconds)
    {
        if (elapsedSeconds > 0)
        {
            var share = 1 - Math.Exp(-elapsedSeconds / Memory.TotalSeconds);
            Value = Math.Max(0, Value + (share * ((doneSeconds / elapsedSeconds) - Value)));
        }
    }
}
