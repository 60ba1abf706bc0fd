namespace Domicile.Cli.Demo;

/// <summary>Percentiles by nearest rank, in milliseconds; all null where there was nothing to measure.</summary>
internal sealed record Pauses(int Count, double? P50, double? P99, double? Max)
{
    public static Pauses Of(IEnumerable<double> milliseconds)
    {
        var sorted = milliseconds.Order().ToList();
        return new Pauses(sorted.Count, Rank(sorted, 0.5), Rank(sorted, 0.99), sorted.Count > 0 ? sorted[^1] : null);
    }

    /// <summary>The longest that a device waited for one answer, of those that were under way around the cut-over.</summary>
    /// <param name="sealed">About when writes were stopped.</param>
    /// <param name="activated">When the new home took over.</param>
    public static double? Around(IEnumerable<Answered> answers, DateTimeOffset @sealed, DateTimeOffset activated)
    {
        // Clocks of control and device are the same here; the margin is for what the pause itself leaves behind.
        var margin = TimeSpan.FromSeconds(1);
        return answers.Where(answer => answer.Start < activated + margin && answer.Start + answer.Took > @sealed - margin)
            .Select(answer => (double?)answer.Took.TotalMilliseconds).Max();
    }

    private static double? Rank(List<double> sorted, double share)
        => sorted.Count == 0 ? null : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Count) - 1)];
}
