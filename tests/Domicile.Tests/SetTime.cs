namespace Domicile.Tests;

/// <summary>
/// A clock that can be set, before or after the true time, while timers go on; and all of it runs many times as fast. Those made
/// with the same origin agree until one is set.
/// </summary>
internal sealed class SetTime(SetTime.Origin origin) : TimeProvider
{
    private const int Speed = 20;

    /// <summary>How far it is from the true time.</summary>
    public TimeSpan Off { get; set; }

    public override long TimestampFrequency => System.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => origin.Began + (System.GetElapsedTime(origin.Timestamp) * Speed) + Off;

    public override long GetTimestamp() => origin.Timestamp + ((System.GetTimestamp() - origin.Timestamp) * Speed);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        => System.CreateTimer(callback, state, Quick(dueTime), Quick(period));

    private static TimeSpan Quick(TimeSpan time) => time > TimeSpan.Zero ? time / Speed : time;

    internal sealed record Origin
    {
        public DateTimeOffset Began { get; } = System.GetUtcNow();

        public long Timestamp { get; } = System.GetTimestamp();
    }
}
