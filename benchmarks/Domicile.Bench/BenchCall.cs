namespace Domicile.Bench;

/// <summary>What a benchmark is given.</summary>
/// <param name="Say">Takes a line about how far it is.</param>
internal sealed record BenchCall(TimeProvider Time, Action<string> Say, BenchOptions Options, CancellationToken Stop);

/// <summary>A benchmark that can be named on the command line.</summary>
/// <param name="Switches">That choose a part of it.</param>
internal sealed record Benchmark(
    string Name, string Title, Func<BenchCall, Task<Findings>> RunAsync, params IReadOnlyList<string> Switches)
{
    /// <summary>In the order in which they run.</summary>
    public static readonly IReadOnlyList<Benchmark> All =
    [
        new("pause", "The pause of a move", PauseBenchmark.RunAsync, "link", "moves", "objects"),
        new("move", "Moving an account, and copying it by hand", MoveBenchmark.RunAsync, "case", "link", "scale"),
        new("plan", "What a plan says, and what it takes", PlanBenchmark.RunAsync, "case", "link", "scale"),
        new("s3", "S3 requests", S3Benchmark.RunAsync),
        new("memory", "Memory of a region", MemoryBenchmark.RunAsync),
        new("attack", "A client beside an attack", AttackBenchmark.RunAsync, "case"),
        new("scale", "One deployment as it grows", ScaleBenchmark.RunAsync, "part", "accounts", "moves", "turns"),
        new("store", "The store alone", StoreBenchmark.RunAsync),
        new("demo", "The demo", DemoBenchmark.RunAsync),
    ];
}

/// <summary>A benchmark can't go on; the message is for people.</summary>
internal sealed class BenchmarkFailedException(string message, Exception? inner = null) : Exception(message, inner);
