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
    IReadOnlyList<string> Misses);

/// <summary>benchmarks/results/NAME.json</summary>
internal sealed record SavedFindings(
    string Name, string Title, DateTimeOffset At, double Seconds, string Command, string Machine, Findings Findings);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(SavedFindings))]
internal sealed partial class BenchJson : JsonSerializerContext;
