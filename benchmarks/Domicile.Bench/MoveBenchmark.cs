using Domicile.Control;

namespace Domicile.Bench;

/// <summary>How fast an account moves between two regions, and how fast rclone copies the same objects by the same way.</summary>
internal static class MoveBenchmark
{
    private const string Bucket = "bench";
    private const int FillConnections = 16;

    private static readonly (int Count, int Bytes)[] Sets = [(10_000, 4 << 10), (1_000, 256 << 10), (16, 64 << 20)];

    public static async Task<Findings> RunAsync(BenchCall call)
    {
        await using var bed = await TestBed.StartAsync(call);
        var rows = new List<string[]>();
        var figures = new Dictionary<string, double>();
        foreach (var (count, bytes) in Sets)
        {
            var name = $"{Numbers.Count(count)} × {Numbers.Size(bytes)}";
            call.Say($"{name}: filling an account");
            var account = await bed.AddAccountAsync(TestBed.Singapore);
            await FillAsync(bed, account, count, bytes, call);

            call.Say($"{name}: rclone copy");
            await CopyAsync("rclone copy", []);
            call.Say($"{name}: rclone copy --transfers 64");
            await CopyAsync("rclone copy --transfers 64", ["--transfers", "64"]);
            call.Say($"{name}: a move");
            var move = await bed.MoveAsync(account, TestBed.California);
            Take("move, until the new home serves", move.ActivatedAt!.Value - move.RequestedAt, Numbers.Of(move.PauseMs!.Value));
            Take("move, until the old home is erased", move.EndedAt!.Value - move.RequestedAt, "");

            async Task CopyAsync(string how, IReadOnlyList<string> options)
            {
                var other = await bed.AddAccountAsync(TestBed.California);
                var took = await Rclone.CopyAsync(
                    (bed.EndpointOf(TestBed.Singapore), account), (bed.EndpointOf(TestBed.California), other), Bucket, options,
                    call);
                Take(how, took, "all along");
            }

            void Take(string how, TimeSpan? took, string pause)
            {
                var seconds = took?.TotalSeconds ?? double.NaN;
                var megabytes = Numbers.MebibytesOf((double)count * bytes) / seconds;
                rows.Add(
                [
                    $"{name}: {how}", took is null ? "not installed" : Numbers.Of(seconds), Numbers.Of(count / seconds),
                    Numbers.Of(megabytes), pause,
                ]);
                figures[$"{count}x{bytes}.{how}.seconds"] = seconds;
            }
        }

        return new Findings(
            [
                "From Singapore to California on one machine, no distance between them. A move brings versions, metadata, keys "
                    + "and uploads under way, checks every frame, and pauses writes at its end; rclone brings the objects of a "
                    + "bucket that nobody may write to meanwhile.",
                "rclone goes through S3 on both sides and MD5s everything; a move carries what is stored, encrypted, over one link.",
                $"Load average at the end {Numbers.Of(Machine.Load())}.",
            ],
            [new FindingsTable("Between two regions", ["", "s", "objects/s", "MiB/s", "pause ms"], rows)], figures, []);
    }

    private static async Task FillAsync(TestBed bed, NewAccountView account, int count, int bytes, BenchCall call)
    {
        using var link = bed.Connect(account, TestBed.Singapore, FillConnections);
        await link.DoAsync(HttpMethod.Put, $"/{Bucket}", null, call.Stop);
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        await Parallel.ForAsync(
            0, count, new ParallelOptions { MaxDegreeOfParallelism = FillConnections, CancellationToken = call.Stop },
            async (index, stop) => await link.DoAsync(
                HttpMethod.Put, $"/{Bucket}/{index % 100}/{index}", new ByteArrayContent(content), stop));
    }
}
