using Domicile.Cli.Formats;
using Domicile.Control;
using Spectre.Console;

namespace Domicile.Cli.Verbs;

/// <summary>
/// Shows moves while they run: bars on a terminal; elsewhere a line per change of state, and now and then one of them all.
/// </summary>
internal static class MoveProgress
{
    private static readonly TimeSpan SummedUpEvery = TimeSpan.FromSeconds(10);

    /// <returns>The last state of each, in the order given.</returns>
    public static async Task<IReadOnlyList<MoveView>> WaitAsync(
        VerbCall call, ControlClient control, IReadOnlyList<Guid> moves, CancellationToken cancellationToken)
    {
        var all = new MovesTogether(moves.Count, call.Time);
        if (call.Terminal.IsWatched)
        {
            await WithBarsAsync(call, control, moves, all, cancellationToken);
        }
        else
        {
            await WithLinesAsync(call, control, moves, all, cancellationToken);
        }

        return [.. moves.Select(move => all.Last(move)!)];
    }

    private static async Task WithLinesAsync(
        VerbCall call, ControlClient control, IReadOnlyList<Guid> moves, MovesTogether all, CancellationToken cancellationToken)
    {
        var said = call.Time.GetTimestamp();
        await foreach (var move in MoveWatch.FollowAsync(control, call.Time, moves, cancellationToken))
        {
            if (all.Last(move.Move)?.State != move.State)
            {
                call.Terminal.Say(MoveTables.Line(move));
            }

            all.Take(move);
            if (moves.Count > 1 && call.Time.GetElapsedTime(said) >= SummedUpEvery)
            {
                call.Terminal.Say(all.Line());
                said = call.Time.GetTimestamp();
            }
        }
    }

    private static Task WithBarsAsync(
        VerbCall call, ControlClient control, IReadOnlyList<Guid> moves, MovesTogether all, CancellationToken cancellationToken)
        => call.Terminal.Error.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(async progress =>
            {
                var together = moves.Count > 1 ? progress.AddTask(Markup.Escape(all.Line()), maxValue: 1) : null;
                var bars = new Dictionary<Guid, ProgressTask>();
                await foreach (var move in MoveWatch.FollowAsync(control, call.Time, moves, cancellationToken))
                {
                    all.Take(move);
                    if (!bars.TryGetValue(move.Move, out var bar))
                    {
                        bars[move.Move] = bar = progress.AddTask(Markup.Escape(MoveTables.Line(move)), maxValue: 1);
                    }

                    bar.Description = Markup.Escape(MoveTables.Line(move));
                    bar.Value = MoveTables.Progress(move);
                    if (together is not null)
                    {
                        together.Description = Markup.Escape(all.Line());
                        together.Value = all.Progress;
                    }
                }
            });
}

/// <summary>Many moves as one: how many are over, and when the last of them will be.</summary>
internal sealed class MovesTogether(int count, TimeProvider time)
{
    private readonly Dictionary<Guid, (MoveView Move, long At)> _last = [];

    public MoveView? Last(Guid move) => _last.TryGetValue(move, out var last) ? last.Move : null;

    public double Progress => count == 0 ? 1 : _last.Values.Sum(last => MoveTables.Progress(last.Move)) / count;

    /// <summary>
    /// Until the last is over: control counts waiting for a turn in, so it is the longest of them. Null while some move
    /// can't say.
    /// </summary>
    public double? SecondsLeft
    {
        get
        {
            var open = _last.Values.Where(last => !MoveWatch.IsOver(last.Move)).ToList();
            return _last.Count < count || open.Exists(last => last.Move.RemainingSeconds is null) ? null
                : open.Select(last => Math.Max(0, last.Move.RemainingSeconds!.Value - time.GetElapsedTime(last.At).TotalSeconds))
                    .DefaultIfEmpty(0).Max();
        }
    }

    public void Take(MoveView move) => _last[move.Move] = (move, time.GetTimestamp());

    public string Line()
        => $"{_last.Values.Count(last => MoveWatch.IsOver(last.Move))} of {count} moves are over"
            + (SecondsLeft is { } seconds ? $", {Durations.FormatAbout(seconds)} left" : "");
}
