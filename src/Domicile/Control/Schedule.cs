using Domicile.Accounts;

namespace Domicile.Control;

/// <summary>A move as the schedule sees it.</summary>
/// <param name="ReadyAfter">Seconds from now until it may take its turn.</param>
/// <param name="Fixed">Seconds that others don't lengthen.</param>
/// <param name="Work">Seconds that it would take alone.</param>
/// <param name="Parallel">So many moves on a region don't slow each other down.</param>
/// <param name="After">Seconds that go on after its turn: erasing, and the receipt.</param>
internal sealed record ScheduledMove(
    RegionName Source, RegionName Target, double ReadyAfter, double Fixed, double Work, double Parallel, double After);

/// <summary>
/// When each of many moves will be over: they take turns in their order, so many at once, as the desk of moves has them do,
/// and share what a region can do in equal parts.
/// </summary>
internal sealed class Schedule
{
    private readonly IReadOnlyList<ScheduledMove> _moves;
    private readonly double[] _ends;
    private readonly List<Running> _running = [];
    private readonly Dictionary<RegionName, int> _busy = [];
    private double _now;

    private Schedule(IReadOnlyList<ScheduledMove> moves) => (_moves, _ends) = (moves, new double[moves.Count]);

    /// <returns>Seconds from now until each is over, in the order given.</returns>
    public static double[] Ends(IReadOnlyList<ScheduledMove> moves, int atOnce)
    {
        var schedule = new Schedule(moves);
        schedule.Run(atOnce);
        return schedule._ends;
    }

    private void Run(int atOnce)
    {
        for (var next = 0; next < _moves.Count || _running.Count > 0;)
        {
            while (next < _moves.Count && _running.Count < atOnce && _moves[next].ReadyAfter <= _now)
            {
                Begin(next++);
            }

            var until = next < _moves.Count && _running.Count < atOnce ? _moves[next].ReadyAfter - _now : double.PositiveInfinity;
            Pass(_running.Count == 0 ? until : Math.Min(until, _running.Min(NextEvent)));
        }
    }

    private void Begin(int index)
    {
        var move = _moves[index];
        _running.Add(new Running(index, move) { Fixed = move.Fixed, Work = move.Work });
        Count(move, 1);
    }

    private void Count(ScheduledMove move, int by)
    {
        _busy[move.Source] = _busy.GetValueOrDefault(move.Source) + by;
        _busy[move.Target] = _busy.GetValueOrDefault(move.Target) + by;
    }

    private double SlowedBy(Running running)
        => Math.Max(1, Math.Max(_busy[running.Move.Source], _busy[running.Move.Target]) / running.Move.Parallel);

    private double NextEvent(Running running) => running.Fixed > 0 ? running.Fixed : running.Work * SlowedBy(running);

    private void Pass(double seconds)
    {
        // Each must pass its event by computing it as NextEvent did, or rounding would keep a rest for ever.
        var passed = _running.ConvertAll(running => NextEvent(running) <= seconds);
        _now += seconds;
        for (var at = _running.Count - 1; at >= 0; at--)
        {
            var running = _running[at];
            if (running.Fixed > 0)
            {
                running.Fixed = passed[at] ? 0 : running.Fixed - seconds;
            }
            else
            {
                running.Work = passed[at] ? 0 : running.Work - (seconds / SlowedBy(running));
            }
        }

        foreach (var over in _running.Where(running => running.Fixed <= 0 && running.Work <= 0).ToList())
        {
            _running.Remove(over);
            Count(over.Move, -1);
            _ends[over.Index] = _now + over.Move.After;
        }
    }

    private sealed class Running(int index, ScheduledMove move)
    {
        public int Index => index;

        public ScheduledMove Move => move;

        public double Fixed { get; set; }

        public double Work { get; set; }
    }
}
