using Domicile.Cli.Formats;
using Domicile.Cli.Verbs;
using Domicile.Control;
using Spectre.Console;

namespace Domicile.Cli.Demo;

/// <summary>Shows moves and devices side by side while it happens: bars for people, lines for logs.</summary>
internal sealed class LiveView(Teller teller, Devices devices, IReadOnlyDictionary<string, Person> people, TimeProvider time)
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<Guid, MoveView> _last = [];

    /// <returns>The moves as they ended.</returns>
    public async Task<IReadOnlyList<MoveView>> FollowAsync(
        ControlClient control, IReadOnlyList<Guid> moves, CancellationToken cancellationToken)
    {
        var views = MoveWatch.FollowAsync(control, time, moves, cancellationToken);
        if (teller.IsWatched)
        {
            await teller.Console.Progress().HideCompleted(false)
                .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
                .StartAsync(progress => BarsAsync(progress, views, cancellationToken));
        }
        else
        {
            await LinesAsync(views);
        }

        return [.. moves.Select(move => _last[move])];
    }

    private async Task BarsAsync(ProgressContext progress, IAsyncEnumerable<MoveView> views, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pulse = progress.AddTask("devices").IsIndeterminate();
        var beating = BeatAsync(pulse, over.Token);
        var bars = new Dictionary<Guid, ProgressTask>();
        await foreach (var view in views)
        {
            _last[view.Move] = view;
            if (!bars.TryGetValue(view.Move, out var bar))
            {
                bars[view.Move] = bar = progress.AddTask(Markup.Escape(Describe(view)), maxValue: 1);
            }

            bar.Description = Markup.Escape(Describe(view));
            bar.Value = MoveTables.Progress(view);
        }

        await over.CancelAsync();
        await beating;
        pulse.Value = pulse.MaxValue;
    }

    // Requests per second as the devices see them, twice a second.
    private async Task BeatAsync(ProgressTask pulse, CancellationToken cancellationToken)
    {
        var (requests, at) = (devices.Requests, time.GetTimestamp());
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(Beat, time, cancellationToken).ContinueWith(
                _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            var rate = (devices.Requests - requests) / Math.Max(0.001, time.GetElapsedTime(at).TotalSeconds);
            (requests, at) = (devices.Requests, time.GetTimestamp());
            pulse.Description = Markup.Escape($"devices: {rate:0} requests/s, {devices.Failures} errors");
        }
    }

    private async Task LinesAsync(IAsyncEnumerable<MoveView> views)
    {
        await foreach (var view in views)
        {
            var before = _last.GetValueOrDefault(view.Move);
            _last[view.Move] = view;
            if (before?.State != view.State && (MoveWatch.IsOver(view) || view.State is "copying" or "erasing"))
            {
                teller.Line($"{Describe(view)}; devices: {Sizes.Count(devices.Requests)} requests, {devices.Failures} errors");
            }
        }
    }

    private string Describe(MoveView view)
    {
        var name = people.TryGetValue(view.Account, out var person) ? $"{person.Name} ({person.Residence})" : view.Account;
        var pause = view.PauseMs is { } milliseconds ? $", pause {Durations.FormatMs(milliseconds)}" : "";
        return $"{name} → {view.To}: {view.State}{pause}{(view.Reason is { } reason ? $" ({reason})" : "")}";
    }
}
