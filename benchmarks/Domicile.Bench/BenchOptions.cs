namespace Domicile.Bench;

/// <summary>Switches of the command line, <c>--name value,value</c>, which choose a part of a benchmark.</summary>
internal sealed class BenchOptions
{
    private readonly Dictionary<string, IReadOnlyList<string>> _values = [];

    private BenchOptions()
    {
    }

    /// <summary>Whether only a part runs: its numbers are shown, and not recorded.</summary>
    public bool IsPart => _values.Count > 0;

    /// <returns>The names, which are no switches, and the switches; null where one has no value.</returns>
    public static (IReadOnlyList<string> Names, BenchOptions Options)? Read(IReadOnlyList<string> arguments)
    {
        var options = new BenchOptions();
        var names = new List<string>();
        for (var at = 0; at < arguments.Count; at++)
        {
            if (!arguments[at].StartsWith("--", StringComparison.Ordinal))
            {
                names.Add(arguments[at]);
            }
            else if (at + 1 < arguments.Count)
            {
                options._values[arguments[at][2..]] = arguments[++at].Split(',');
            }
            else
            {
                return null;
            }
        }

        return (names, options);
    }

    /// <summary>The switches that none of these benchmarks knows.</summary>
    public IEnumerable<string> Unknown(IEnumerable<Benchmark> benchmarks)
        => _values.Keys.Except(benchmarks.SelectMany(benchmark => benchmark.Switches));

    /// <summary>Those of <paramref name="all"/> that are chosen; all where nothing is.</summary>
    /// <exception cref="BenchmarkFailedException">Something else is chosen.</exception>
    public IReadOnlyList<string> Choose(string name, IReadOnlyList<string> all)
        => !_values.TryGetValue(name, out var chosen) ? all
            : chosen.Except(all).FirstOrDefault() is { } wrong
                ? throw new BenchmarkFailedException($"--{name} takes {string.Join(", ", all)}, not '{wrong}'")
                : [.. all.Where(chosen.Contains)];

    /// <summary>Whole numbers above 0.</summary>
    public IReadOnlyList<int> Numbers(string name, params int[] usual)
        => !_values.TryGetValue(name, out var chosen) ? usual
            : [.. chosen.Select(text => int.TryParse(text, out var number) && number > 0 ? number
                : throw new BenchmarkFailedException($"--{name} takes numbers above 0, not '{text}'"))];
}
