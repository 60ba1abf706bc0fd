namespace Domicile.Cli.Local;

/// <summary>How long to wait before a process that died is started again: 0.2 s, twice that each time, 10 s at most.</summary>
internal sealed class RestartDelay
{
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(200);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>A process that was up this long has earned a fresh start.</summary>
    public static readonly TimeSpan Steady = TimeSpan.FromMinutes(1);

    private TimeSpan _next = First;

    /// <param name="wasUp">How long the process that just died had been up.</param>
    public TimeSpan Next(TimeSpan wasUp)
    {
        var delay = wasUp >= Steady ? First : _next;
        _next = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, Longest.Ticks));
        return delay;
    }
}
