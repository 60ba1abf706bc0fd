using Domicile.Simulation.Seeding;

namespace Domicile.Simulation;

/// <summary>Many seeds, on as many threads as there are cores; each thread runs one world after the other.</summary>
internal sealed class Batch
{
    private readonly Lock _gate = new();
    private readonly List<Outcome> _failed = [];
    private long _next;
    private volatile bool _isOver;

    public Counts Counts { get; private set; }

    public long Done { get; private set; }

    /// <summary>In the order of their seeds.</summary>
    public IReadOnlyList<Outcome> Failed => [.. _failed.OrderBy(one => one.Seed)];

    /// <summary>Runs the seeds of the range, both ends included, until one failed that is enough.</summary>
    public static Batch Run(
        ulong from, ulong to, SeededBug bug = SeededBug.None, Func<Outcome, bool>? isEnough = null)
    {
        var batch = new Batch { _next = (long)from };
        var workers = Enumerable.Range(0, Environment.ProcessorCount)
            .Select(_ => new Thread(() => batch.Work((long)to, bug, isEnough ?? (_ => false))) { IsBackground = true }).ToList();
        workers.ForEach(one => one.Start());
        workers.ForEach(one => one.Join());
        return batch;
    }

    private void Work(long to, SeededBug bug, Func<Outcome, bool> isEnough)
    {
        using var bench = new Workbench();
        while (Interlocked.Increment(ref _next) - 1 is var seed && seed <= to && !_isOver)
        {
            var outcome = Simulation.Run((ulong)seed, bench, bug);
            lock (_gate)
            {
                Done++;
                Counts += outcome.Counts;
                if (outcome.Violated is not null)
                {
                    _failed.Add(outcome);
                    _isOver |= isEnough(outcome);
                }
            }
        }
    }
}
