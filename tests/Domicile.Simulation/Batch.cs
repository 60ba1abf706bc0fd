using Domicile.Simulation.Machines;

namespace Domicile.Simulation;

/// <summary>Many seeds, on as many threads as there are cores; each thread runs one world after the other.</summary>
internal sealed class Batch
{
    private readonly Lock _gate = new();
    private readonly List<Outcome> _failed = [];
    private long _next;

    public Counts Counts { get; private set; }

    public long Done { get; private set; }

    /// <summary>In the order of their seeds.</summary>
    public IReadOnlyList<Outcome> Failed => [.. _failed.OrderBy(one => one.Seed)];

    /// <summary>Runs the seeds of the range, both ends included, until <paramref name="isEnough"/>.</summary>
    public static Batch Run(
        ulong from, ulong to, SeededBug bug = SeededBug.None, int failuresMax = int.MaxValue, int? threads = null)
    {
        var batch = new Batch { _next = (long)from };
        var workers = Enumerable.Range(0, threads ?? Environment.ProcessorCount)
            .Select(_ => new Thread(() => batch.Work((long)to, bug, failuresMax)) { IsBackground = true }).ToList();
        workers.ForEach(one => one.Start());
        workers.ForEach(one => one.Join());
        return batch;
    }

    private void Work(long to, SeededBug bug, int failuresMax)
    {
        using var bench = new Workbench();
        while (Interlocked.Increment(ref _next) - 1 is var seed && seed <= to && _failed.Count < failuresMax)
        {
            var outcome = Simulation.Run((ulong)seed, bench, bug);
            lock (_gate)
            {
                Done++;
                Counts += outcome.Counts;
                if (outcome.Violated is not null)
                {
                    _failed.Add(outcome);
                }
            }
        }
    }
}
