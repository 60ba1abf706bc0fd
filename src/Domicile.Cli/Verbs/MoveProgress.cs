using Domicile.Control;
using Spectre.Console;

namespace Domicile.Cli.Verbs;

/// <summary>Shows moves while they run: bars on a terminal, a line per change of state elsewhere.</summary>
internal static class MoveProgress
{
    /// <returns>The last state of each, in the order given.</returns>
    public static async Task<IReadOnlyList<MoveView>> WaitAsync(
        VerbCall call, ControlClient control, IReadOnlyList<Guid> moves, CancellationToken cancellationToken)
    {
        var last = new Dictionary<Guid, MoveView>();
        if (call.Terminal.IsWatched)
        {
            await WithBarsAsync(call, control, moves, last, cancellationToken);
        }
        else
        {
            await foreach (var move in MoveWatch.FollowAsync(control, call.Time, moves, cancellationToken))
            {
                if (last.GetValueOrDefault(move.Move)?.State != move.State)
                {
                    call.Terminal.Say(MoveTables.Line(move));
                }

                last[move.Move] = move;
            }
        }

        return [.. moves.Select(move => last[move])];
    }

    private static Task WithBarsAsync(
        VerbCall call, ControlClient control, IReadOnlyList<Guid> moves, Dictionary<Guid, MoveView> last,
        CancellationToken cancellationToken)
        => call.Terminal.Error.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(async progress =>
            {
                var bars = new Dictionary<Guid, ProgressTask>();
                await foreach (var move in MoveWatch.FollowAsync(control, call.Time, moves, cancellationToken))
                {
                    last[move.Move] = move;
                    if (!bars.TryGetValue(move.Move, out var bar))
                    {
                        bars[move.Move] = bar = progress.AddTask(Markup.Escape(MoveTables.Line(move)), maxValue: 1);
                    }

                    bar.Description = Markup.Escape(MoveTables.Line(move));
                    bar.Value = MoveTables.Progress(move);
                }
            });
}
