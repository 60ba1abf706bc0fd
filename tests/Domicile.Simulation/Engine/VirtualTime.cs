namespace Domicile.Simulation.Engine;

/// <summary>A machine's clock, which outlives its processes: by how much it is off the world's.</summary>
internal sealed class Clock
{
    private readonly TimeSpan _usual;

    /// <param name="usual">Where nobody has set it.</param>
    public Clock(TimeSpan usual = default) => Off = _usual = usual;

    public TimeSpan Off { get; set; }

    public void SetRight() => Off = _usual;
}

/// <summary>What a process has of its machine's clock. Timers and timestamps go by the world's.</summary>
internal sealed class VirtualTime(World world, Life life, Clock clock) : TimeProvider
{
    private static readonly DateTimeOffset Beginning = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Beginning.AddTicks(world.Now) + clock.Off;

    public override long GetTimestamp() => world.Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(world, life, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}

internal sealed class VirtualTimer(World world, Life life, TimerCallback callback, object? state) : ITimer
{
    private long _due = -1;
    private TimeSpan _period = Timeout.InfiniteTimeSpan;
    private bool _isDisposed;

    public Life Life => life;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_isDisposed)
        {
            return false;
        }

        _period = period;
        _due = dueTime < TimeSpan.Zero ? -1 : world.Now + dueTime.Ticks;
        if (_due >= 0)
        {
            world.Arm(this, _due);
        }

        return true;
    }

    /// <returns>False where it was changed or disposed since it was armed for that time.</returns>
    public bool TryTake(long due) => !_isDisposed && _due == due && life.IsAlive;

    public void Fire()
    {
        if (_isDisposed || _due < 0 || _due > world.Now)
        {
            return;
        }

        _due = -1;
        if (_period > TimeSpan.Zero)
        {
            Change(_period, _period);
        }

        callback(state);
    }

    public void Dispose() => _isDisposed = true;

    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        return ValueTask.CompletedTask;
    }
}
