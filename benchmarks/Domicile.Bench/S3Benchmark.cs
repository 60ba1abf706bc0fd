using System.Collections.Concurrent;

namespace Domicile.Bench;

/// <summary>PUT and GET of small and large objects over more and more connections.</summary>
internal static class S3Benchmark
{
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4);
    private static readonly int[] ConnectionCounts = [1, 8, 32];
    private static readonly (int Bytes, int KeysEach)[] Kinds = [(4 << 10, 32), (16 << 20, 1)];

    public static async Task<Findings> RunAsync(BenchCall call)
    {
        await using var bed = await TestBed.StartAsync(call);
        var account = await bed.AddAccountAsync(TestBed.Singapore);
        using var link = bed.Connect(account, TestBed.Singapore, ConnectionCounts.Max());
        await link.DoAsync(HttpMethod.Put, "/bench", null, call.Stop);
        var process = bed.ProcessIdOf(TestBed.Singapore);
        var rows = new List<string[]>();
        var figures = new Dictionary<string, double>();
        foreach (var (bytes, keysEach) in Kinds)
        {
            await new Load(link, HttpMethod.Put, bytes, keysEach, call).FillAsync();
            foreach (var method in new[] { HttpMethod.Put, HttpMethod.Get })
            {
                call.Say($"{method} of {Numbers.Size(bytes)}");
                var load = new Load(link, method, bytes, keysEach, call);
                await load.RunAsync(connections: 8, WarmUp);
                foreach (var connections in ConnectionCounts)
                {
                    var processorMs = Machine.ProcessorMs(process);
                    var (took, latencies) = await load.RunAsync(connections, Measured);
                    processorMs = (Machine.ProcessorMs(process) - processorMs) / latencies.Count;
                    var perSecond = latencies.Count / took.TotalSeconds;
                    var megabytes = Numbers.MebibytesOf(perSecond * bytes);
                    rows.Add(
                    [
                        $"{method} {Numbers.Size(bytes)}", Numbers.Count(connections), Numbers.Of(perSecond),
                        Numbers.Of(megabytes), Numbers.Of(latencies.P50), Numbers.Of(latencies.P99), Numbers.Of(processorMs),
                    ]);
                    var name = $"{method}.{bytes}.{connections}";
                    figures[$"{name}.perSecond"] = perSecond;
                    figures[$"{name}.processorMs"] = processorMs;
                    figures[$"{name}.p50Ms"] = latencies.P50;
                    figures[$"{name}.p99Ms"] = latencies.P99;
                }
            }
        }

        return new Findings(
            [
                "One account, one region, plain HTTP/1.1, AWS Signature Version 4 with UNSIGNED-PAYLOAD. The client shares the "
                    + "machine's cores with the server.",
                "A PUT is answered when object and fence are fsynced. Each object is encrypted, and has its MD5 as ETag.",
                "CPU is what the region's process used for each request, compiling its own hot code included.",
                $"{Measured.TotalSeconds} s for each line; load average at the end {Numbers.Of(Machine.Load())}.",
            ],
            [new FindingsTable("One region", ["", "connections", "requests/s", "MiB/s", "p50 ms", "p99 ms", "CPU ms each"], rows)],
            figures, []);
    }

    /// <summary>So many connections, each with its own keys, one request after the other.</summary>
    private sealed class Load(S3Link link, HttpMethod method, int bytes, int keysEach, BenchCall call)
    {
        private readonly byte[] _content = Content(bytes);

        public async Task<(TimeSpan Took, Spread Latencies)> RunAsync(int connections, TimeSpan atLeast)
        {
            var latencies = new ConcurrentQueue<double>();
            var begun = call.Time.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, connections).Select(async connection =>
            {
                for (var turn = 0; call.Time.GetElapsedTime(begun) < atLeast; turn++)
                {
                    var asked = call.Time.GetTimestamp();
                    await AskAsync($"/bench/{bytes}/{connection}-{turn % keysEach}");
                    latencies.Enqueue(call.Time.GetElapsedTime(asked).TotalMilliseconds);
                }
            }));
            return (call.Time.GetElapsedTime(begun), new Spread(latencies));
        }

        /// <summary>Every key that there can be.</summary>
        public Task FillAsync()
            => Parallel.ForAsync(
                0, ConnectionCounts.Max() * keysEach, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = call.Stop },
                async (index, _) => await AskAsync($"/bench/{bytes}/{index / keysEach}-{index % keysEach}"));

        private async Task AskAsync(string path)
        {
            var content = method == HttpMethod.Put ? new ByteArrayContent(_content) : null;
            var answered = await link.DoAsync(method, path, content, call.Stop);
            if (method == HttpMethod.Get && answered != bytes)
            {
                throw new BenchmarkFailedException($"GET {path} brought {answered} of {bytes} bytes.");
            }
        }

        private static byte[] Content(int bytes)
        {
            var content = new byte[bytes];
            new Random(bytes).NextBytes(content);
            return content;
        }
    }
}
