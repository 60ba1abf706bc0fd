namespace Domicile.Simulation.Engine;

/// <summary>
/// One thread, one clock, one order of events, all of it drawn from a seed. Whatever is ready waits here until the dice pick
/// it; time passes when nothing is ready, or now and then before.
/// </summary>
internal sealed class World
{
    private readonly List<Ready> _ready = [];
    private readonly PriorityQueue<VirtualTimer, (long Due, long Order)> _timers = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _timersMade;

    public World(ulong seed, bool isTraced, Action<string>? live = null)
    {
        Seed = seed;
        Dice = new Dice(seed);
        Order = Dice.Fork();
        Trace = new Trace(this, isTraced, live);
        Haste = Order.Hits(0.3) ? 0.002 : 0;
    }

    public ulong Seed { get; }

    public Dice Dice { get; }

    public Trace Trace { get; }

    /// <summary>Virtual time since the beginning, in ticks of 100 ns.</summary>
    public long Now { get; private set; }

    public long Steps { get; private set; }

    /// <summary>How likely a timer fires although something is ready: a machine that is slow.</summary>
    public double Haste { get; set; }

    /// <summary>Called after each step; may throw <see cref="ViolationException"/>.</summary>
    public Action AfterStep { get; set; } = () => { };

    /// <summary>The first fault that nobody expected; the run ends with it.</summary>
    public Exception? Fault { get; private set; }

    private Dice Order { get; }

    public void Fail(Exception fault) => Fault ??= fault;

    /// <param name="isForeign">It runs as a pool's thread or a timer would: awaits of its own don't come back to the life.</param>
    public void Post(Life life, SendOrPostCallback callback, object? state, bool isForeign)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            Fail(new InvalidOperationException($"Something of {life.Name} left the simulation's thread: {Environment.StackTrace}"));
            return;
        }

        _ready.Add(new Ready(life, callback, state, isForeign));
    }

    /// <summary>Runs until <paramref name="isDone"/>, or until the time is over.</summary>
    /// <returns>Whether it was done.</returns>
    public bool RunUntil(Func<bool> isDone, TimeSpan atMost, long stepsMax)
    {
        var until = Now + atMost.Ticks;
        var lastStep = Steps + stepsMax;
        while (Fault is null)
        {
            if (isDone())
            {
                return true;
            }

            if (Now > until || Steps > lastStep || !Step())
            {
                return false;
            }
        }

        return false;
    }

    internal void Arm(VirtualTimer timer, long due) => _timers.Enqueue(timer, (due, _timersMade++));

    private bool Step()
    {
        if (_ready.Count == 0 || (Haste > 0 && Order.Hits(Haste)))
        {
            FireNext();
        }

        if (_ready.Count == 0)
        {
            return _timers.Count > 0;
        }

        var index = Order.Below(_ready.Count);
        var next = _ready[index];
        _ready[index] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        if (!next.Life.IsAlive)
        {
            return true;
        }

        Steps++;
        Trace.Mix(Now, _ready.Count, index, next.Life.Number);
        Run(next);
        AfterStep();
        return true;
    }

    private void Run(Ready next)
    {
        SynchronizationContext.SetSynchronizationContext(next.IsForeign ? null : next.Life);
        try
        {
            next.Callback(next.State);
        }
        catch (Exception fault)
        {
            Fail(fault);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    private void FireNext()
    {
        while (_timers.TryDequeue(out var timer, out var when))
        {
            if (timer.TryTake(when.Due))
            {
                Now = Math.Max(Now, when.Due);
                Post(timer.Life, static one => ((VirtualTimer)one!).Fire(), timer, isForeign: true);
                return;
            }
        }
    }

    private readonly record struct Ready(Life Life, SendOrPostCallback Callback, object? State, bool IsForeign);
}

/// <summary>What must never be so is so.</summary>
internal sealed class ViolationException(string invariant, string what) : Exception($"{invariant}: {what}")
{
    public string Invariant => invariant;
}
