using System.Diagnostics;
using System.IO.Pipelines;
using Domicile.Storage;

namespace Domicile.Simulation.Engine;

/// <summary>
/// A process from its start to its death: what it awaits comes back through the world, and after its death nothing of it
/// runs any more.
/// </summary>
internal sealed class Life : SynchronizationContext, IWorkers
{
    private readonly World _world;
    private readonly Action _afterWork;
    private readonly List<Action> _atDeath = [];

    /// <param name="clock">The machine's; null: the world's.</param>
    /// <param name="afterWork">Called after each piece of synchronous work, such as a commit.</param>
    public Life(World world, int number, string name, Clock? clock = null, Action? afterWork = null)
    {
        _world = world;
        _afterWork = afterWork ?? (() => { });
        Number = number;
        Name = name;
        Time = new VirtualTime(world, this, clock ?? new Clock());
        Pipes = new Scheduler(this);
    }

    public int Number { get; }

    public string Name { get; }

    public bool IsAlive { get; private set; } = true;

    public VirtualTime Time { get; }

    /// <summary>For pipes whose other end is elsewhere.</summary>
    public PipeScheduler Pipes { get; }

    public void End()
    {
        IsAlive = false;
        foreach (var act in _atDeath)
        {
            act();
        }

        _atDeath.Clear();
    }

    public void AtDeath(Action act) => _atDeath.Add(act);

    public void NotAtDeath(Action act) => _atDeath.Remove(act);

    public override void Post(SendOrPostCallback d, object? state) => _world.Post(this, d, state, isForeign: false);

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing here may block.");

    public override SynchronizationContext CreateCopy() => this;

    public Task Run(Action work)
    {
        var done = new TaskCompletionSource();
        _world.Post(
            this,
            _ =>
            {
                work();
                _afterWork();
                done.SetResult();
            },
            null, isForeign: true);
        return done.Task;
    }

    public Task Run(Func<Task> work)
    {
        var done = new TaskCompletionSource();
        Post(
            async void (_) =>
            {
                try
                {
                    await work();
                    done.SetResult();
                }
                catch (OperationCanceledException)
                {
                    done.SetCanceled();
                }
                catch (Exception fault)
                {
                    // Whoever waits for it hears of the rest.
                    if (IsBug(fault))
                    {
                        _world.Fail(fault);
                    }

                    done.SetException(fault);
                }
            },
            null);
        return done.Task;
    }

    /// <summary>Starts something of the simulation's own in this life; its faults end the simulation.</summary>
    public void Begin(Func<Task> work)
        => _ = Run(async () =>
        {
            try
            {
                await work();
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                _world.Fail(fault);
            }
        });

    private static bool IsBug(Exception fault)
        => fault is ViolationException or InvariantViolatedException or NullReferenceException or ArgumentException
            or IndexOutOfRangeException or KeyNotFoundException or InvalidCastException or UnreachableException;

    private sealed class Scheduler(Life life) : PipeScheduler
    {
        public override void Schedule(Action<object?> action, object? state)
            => life._world.Post(life, static call =>
            {
                var (act, with) = ((Action<object?>, object?))call!;
                act(with);
            }, (action, state), isForeign: true);
    }
}
