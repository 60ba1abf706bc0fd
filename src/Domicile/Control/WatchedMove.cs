using Domicile.Moves;

namespace Domicile.Control;

/// <summary>One move's speed, and what was last said of its end.</summary>
internal sealed class WatchedMove
{
    // Of what a move costs besides its bytes, so much comes after its copy.
    private const double CutOverShare = 0.5;

    private WorkSpeed? _speed;
    private double? _leftBefore;
    private SteadyEstimate? _shown;

    /// <summary>What takes its turn and is still to be done; null for all else.</summary>
    public ScheduledMove? Next { get; private set; }

    /// <summary>Seconds of erasing that are still to come, while it erases.</summary>
    public double? Erasing { get; private set; }

    public double? Left => Next is null && Erasing is null ? null : _shown?.Seconds;

    public void Look(
        Move move, StepAnswer.Arriving? progress, string? trouble, PairPace pace, double crowd, double elapsed,
        DateTimeOffset now)
    {
        var turn = pace.Turn.Costs;
        var size = new MoveSize(move.Objects, move.Bytes);
        var after = pace.After.Costs.Seconds(size, 1);
        Next = move.State switch
        {
            MoveState.Planned => Scheduled(turn.Fixed, turn.WorkSeconds(size)),
            MoveState.Copying when progress is not { SourceSeq: >= 0 }
                => trouble is null ? Scheduled(turn.Fixed, turn.WorkSeconds(size)) : null,
            MoveState.Copying => Copying(progress),
            MoveState.Sealing or MoveState.Draining or MoveState.Departing or MoveState.Activating or MoveState.Settling
                => Scheduled(turn.Fixed * CutOverShare, 0),
            _ => null,
        };

        // Nothing tells how far erasing is: what it should still take, and past that a fifth of it.
        var erasing = now - (move.ActivatedAt + move.EraseAfter);
        Erasing = move.State == MoveState.Erasing && erasing >= TimeSpan.Zero
            ? Math.Max(after - erasing.Value.TotalSeconds, after / 5) : null;

        if (Next is null && Erasing is null)
        {
            _shown = null;
        }

        ScheduledMove Scheduled(double fixedSeconds, double work)
            => new(move.Source, move.Target, 0, fixedSeconds, work, turn.Parallel, after);

        ScheduledMove? Copying(StepAnswer.Arriving progress)
        {
            var left = turn.WorkSeconds(CopyLeft.Of(size, progress));
            if (_speed is null || (_speed.StandsStill && left < _leftBefore))
            {
                // It begins, or begins again: nothing is known of its speed yet.
                _speed = new WorkSpeed(1);
            }

            // As if it were alone: how many others there are changes from one moment to the next.
            var done = ((_leftBefore ?? left) - left) * turn.SlowedBy(crowd);
            _speed.Take(done, _leftBefore is null ? 0 : elapsed);
            _leftBefore = left;
            return _speed.StandsStill ? null : Scheduled(turn.Fixed * CutOverShare, left / _speed.Value);
        }
    }

    public void Show(double fresh, double elapsed)
    {
        _shown ??= new SteadyEstimate(fresh);
        _shown.Take(fresh, elapsed);
    }
}

/// <summary>What a target has still to copy.</summary>
internal static class CopyLeft
{
    /// <param name="size">When the move was requested.</param>
    public static MoveSize Of(MoveSize size, StepAnswer.Arriving progress)
    {
        // Clients go on writing: beyond what there was at the request, the source's seq says how much there is to follow.
        var changes = Math.Max(0, progress.SourceSeq - progress.Cursor);
        var objects = Math.Min(changes, Math.Max(size.Objects - progress.Objects, 0));
        var bytes = Math.Max(size.Bytes - progress.Bytes - progress.Received, 0);
        return changes == 0 ? default : new MoveSize(objects, bytes);
    }
}
