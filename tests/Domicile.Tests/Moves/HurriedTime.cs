namespace Domicile.Tests.Moves;

/// <summary>A clock by which every wait is over at once, and a minute has passed whenever it is read.</summary>
internal sealed class HurriedTime : TimeProvider
{
    private long _readings;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromMinutes(Interlocked.Increment(ref _readings));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        => base.CreateTimer(callback, state, TimeSpan.FromMilliseconds(1), period);
}
