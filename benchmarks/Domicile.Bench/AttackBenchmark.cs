using System.Collections.Concurrent;

namespace Domicile.Bench;

/// <summary>What a client notices of a stranger's attack on the region that it uses, and what memory the attack costs.</summary>
internal static class AttackBenchmark
{
    private const int Connections = 4;
    private const double MemoryDueMebibytes = 600;
    private const double SlowerDue = 10;

    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4);

    // Whoever is only kept from connecting would go unnoticed over connections that stay.
    private static readonly TimeSpan Renewed = TimeSpan.FromMilliseconds(500);

    public static async Task<Findings> RunAsync(BenchCall call)
    {
        var rows = new List<string[]>();
        var figures = new Dictionary<string, double>();
        var misses = new List<string>();
        foreach (var kind in call.Options.Choose("case", [.. Attack.All.Select(attack => attack.Name)]))
        {
            var attack = Attack.All.Single(one => one.Name == kind);
            call.Say(attack.Title);
            var (idle, under, memory, tried) = await RunOnceAsync(attack, call);
            rows.Add(
            [
                attack.Title, Numbers.Count(tried), Numbers.Of(idle.Latencies.P99), Numbers.Of(under.Latencies.P50),
                Numbers.Of(under.Latencies.P99), $"{Numbers.Count(under.Failed)} of {Numbers.Count(under.Latencies.Count)}",
                Numbers.Of(memory),
            ]);
            figures[$"{kind}.p99Ratio"] = under.Latencies.P99 / idle.Latencies.P99;
            figures[$"{kind}.failed"] = under.Failed;
            figures[$"{kind}.peakMiB"] = memory;
            misses.AddRange(MissesOf(kind, idle, under, memory));
        }

        return new Findings(
            [
                $"{Connections} connections of a client with a key do a PUT and a GET of 4 KiB in turn, at the home or through the "
                    + $"relay that is attacked, for {Measured.TotalSeconds} s before the attack (idle) and as long beside it.",
                "The attackers run in a process of their own on the same two cores, from the client's own address. A failed request is one that a "
                    + "client without retries would report. Memory is the most of any process (VmHWM).",
            ],
            [
                new FindingsTable(
                    "Beside an attack",
                    ["", "attempts", "idle p99 ms", "p50 ms", "p99 ms", "failed", "VmHWM MiB"], rows),
            ],
            figures, misses);
    }

    private static IEnumerable<string> MissesOf(string kind, Served idle, Served under, double memory)
    {
        if (under.Failed > 0)
        {
            yield return $"{kind}: {under.Failed} requests failed, due 0";
        }

        if (under.Latencies.P99 >= SlowerDue * idle.Latencies.P99)
        {
            yield return $"{kind}: p99 is {Numbers.Of(under.Latencies.P99 / idle.Latencies.P99)} times its idle value, due < {SlowerDue}";
        }

        if (memory >= MemoryDueMebibytes)
        {
            yield return $"{kind}: a process had {Numbers.Of(memory)} MiB, due < {MemoryDueMebibytes}";
        }
    }

    private static async Task<(Served Idle, Served Under, double MemoryMiB, long Tried)> RunOnceAsync(Attack attack, BenchCall call)
    {
        await using var bed = await TestBed.StartAsync(call);
        var account = await bed.AddAccountAsync(TestBed.Singapore);
        var entry = attack.IsAtRelay ? TestBed.California : TestBed.Singapore;
        using var link = bed.Connect(account, entry, Connections, Renewed);
        await link.DoAsync(HttpMethod.Put, "/bench", null, call.Stop);
        await ServeAsync(link, WarmUp, call);
        var idle = await ServeAsync(link, Measured, call);

        await using var attacker = Attacker.Start(attack, bed.EndpointOf(entry), account.AccessKey);
        var under = await ServeAsync(link, Measured, call);
        var tried = await attacker.EndAsync(call.Stop);
        var memory = new[] { TestBed.Singapore, TestBed.California, "control" }
            .Max(process => Machine.MemoryPeakMebibytes(bed.ProcessIdOf(process)));
        return (idle, under, memory, tried);
    }

    private static async Task<Served> ServeAsync(S3Link link, TimeSpan atLeast, BenchCall call)
    {
        var latencies = new ConcurrentQueue<double>();
        var failed = 0;
        var content = new byte[4 << 10];
        var begun = call.Time.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async connection =>
        {
            for (var turn = 0; call.Time.GetElapsedTime(begun) < atLeast; turn++)
            {
                var asked = call.Time.GetTimestamp();
                var method = turn % 2 == 0 ? HttpMethod.Put : HttpMethod.Get;
                if (!await TryAsync(link, method, $"/bench/{connection}", content, call.Stop))
                {
                    Interlocked.Increment(ref failed);
                }

                latencies.Enqueue(call.Time.GetElapsedTime(asked).TotalMilliseconds);
            }
        }));
        return new Served(new Spread(latencies), failed);
    }

    private static async Task<bool> TryAsync(
        S3Link link, HttpMethod method, string path, byte[] content, CancellationToken cancellationToken)
    {
        try
        {
            await link.DoAsync(method, path, method == HttpMethod.Put ? new ByteArrayContent(content) : null, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or BenchmarkFailedException)
        {
            return false;
        }
    }

    private sealed record Served(Spread Latencies, int Failed);
}
