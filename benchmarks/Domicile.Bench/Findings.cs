using System.Text.Json.Serialization;

namespace Domicile.Bench;

/// <summary>One table of a benchmark, as it is shown; the first column is text, the others are numbers.</summary>
internal sealed record FindingsTable(string Caption, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>What a benchmark found.</summary>
/// <param name="Notes">What was done, and what must be known to read the numbers.</param>
/// <param name="Figures">The same numbers for programs; units are in the names.</param>
/// <param name="Misses">What was promised and not met; empty where all is well.</param>
internal sealed record Findings(
    IReadOnlyList<string> Notes, IReadOnlyList<FindingsTable> Tables, IReadOnlyDictionary<string, double> Figures,
    IReadOnlyList<string> Misses)
{
    /// <summary>What is shown line by line, below the tables.</summary>
    public IReadOnlyList<FindingsChart> Charts { get; init; } = [];
}

/// <summary>A picture made of characters.</summary>
internal sealed record FindingsChart(string Caption, IReadOnlyList<string> Lines)
{
    private const int BarChars = 60;

    /// <summary>A bar for each step, as long as its share of the longest. The last step has no end.</summary>
    public static FindingsChart Histogram(string caption, Spread spread, IReadOnlyList<double> steps)
    {
        var counts = steps.Select((step, at) => spread.CountUpTo(step) - (at == 0 ? 0 : spread.CountUpTo(steps[at - 1]))).ToList();
        var most = Math.Max(1, counts.Max());
        return new FindingsChart(
            caption,
            [
                .. counts.Select((count, at) =>
                {
                    var label = double.IsPositiveInfinity(steps[at]) ? "more" : $"≤ {Numbers.Of(steps[at])} ms";
                    var bar = new string('█', (int)Math.Ceiling((double)count * BarChars / most));
                    return $"{label,12} {Numbers.Count(count),7} {bar}".TrimEnd();
                }),
            ]);
    }
}

/// <summary>benchmarks/results/NAME.json</summary>
internal sealed record SavedFindings(
    string Name, string Title, DateTimeOffset At, double Seconds, string Command, string Machine, Findings Findings);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(SavedFindings))]
internal sealed partial class BenchJson : JsonSerializerContext;
