using System.Buffers.Binary;
using System.Net;

namespace Domicile.Bench;

/// <summary>An object far larger than memory should ever be, in and out, and the most memory that the region had meanwhile.</summary>
internal static class MemoryBenchmark
{
    private const long ObjectBytes = 4L << 30;
    private const double DueMebibytes = 200;
    private const string Key = "/bench/large";

    public static async Task<Findings> RunAsync(BenchCall call)
    {
        await using var bed = await TestBed.StartAsync(call);
        var account = await bed.AddAccountAsync(TestBed.Singapore);
        using var link = bed.Connect(account, TestBed.Singapore, connections: 1);
        await link.DoAsync(HttpMethod.Put, "/bench", null, call.Stop);
        var process = bed.ProcessIdOf(TestBed.Singapore);
        var atStart = Machine.MemoryPeakMebibytes(process);

        call.Say($"PUT of {Numbers.Size(ObjectBytes)}");
        var begun = call.Time.GetTimestamp();
        await link.DoAsync(HttpMethod.Put, Key, new GeneratedContent(ObjectBytes), call.Stop);
        var put = call.Time.GetElapsedTime(begun);
        var afterPut = Machine.MemoryPeakMebibytes(process);

        call.Say("GET of the same, compared byte by byte");
        begun = call.Time.GetTimestamp();
        await ReadAsync(link, call);
        var got = call.Time.GetElapsedTime(begun);
        var peak = Machine.MemoryPeakMebibytes(process);
        return new Findings(
            [
                $"One object of {Numbers.Size(ObjectBytes)} in one PUT, generated on the fly, then read back and compared. "
                    + "Memory is the most that the region's process ever had resident (VmHWM).",
            ],
            [
                new FindingsTable(
                    "One region", ["", "s", "MiB/s", "VmHWM MiB"],
                    [
                        ["start", "", "", Numbers.Of(atStart)],
                        ["PUT", Numbers.Of(put.TotalSeconds), Rate(put), Numbers.Of(afterPut)],
                        ["GET", Numbers.Of(got.TotalSeconds), Rate(got), Numbers.Of(peak)],
                    ]),
            ],
            new Dictionary<string, double>
            {
                ["peakMiB"] = peak,
                ["putSeconds"] = put.TotalSeconds,
                ["getSeconds"] = got.TotalSeconds,
            },
            peak < DueMebibytes ? [] : [$"the region's process had {Numbers.Of(peak)} MiB, due < {DueMebibytes} MiB"]);
    }

    private static string Rate(TimeSpan took) => Numbers.Of(Numbers.MebibytesOf(ObjectBytes) / took.TotalSeconds);

    private static async Task ReadAsync(S3Link link, BenchCall call)
    {
        using var answer = await link.SendAsync(HttpMethod.Get, Key, null, call.Stop);
        var expected = new Blocks();
        await using var body = await answer.Content.ReadAsStreamAsync(call.Stop);
        var block = new byte[Blocks.LengthBytes];
        var blocks = 0L;
        while (await body.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false, call.Stop) == block.Length)
        {
            if (!block.AsSpan().SequenceEqual(expected.Next().Span))
            {
                throw new BenchmarkFailedException($"Block {blocks} of {Key} came back with other bytes.");
            }

            blocks++;
        }

        if (answer.StatusCode != HttpStatusCode.OK || blocks != ObjectBytes / Blocks.LengthBytes)
        {
            throw new BenchmarkFailedException($"GET {Key} answered {answer.StatusCode} and {blocks} blocks.");
        }
    }

    /// <summary>Blocks of random bytes, each with its number in front, so that none equals another.</summary>
    private sealed class Blocks
    {
        public const int LengthBytes = 1 << 20;

        private readonly byte[] _block = new byte[LengthBytes];
        private long _number;

        public Blocks() => new Random(1).NextBytes(_block);

        /// <returns>Valid until the next call.</returns>
        public ReadOnlyMemory<byte> Next()
        {
            BinaryPrimitives.WriteInt64BigEndian(_block, _number++);
            return _block;
        }
    }

    private sealed class GeneratedContent(long lengthBytes) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var blocks = new Blocks();
            for (var left = lengthBytes; left > 0; left -= Blocks.LengthBytes)
            {
                await stream.WriteAsync(blocks.Next());
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = lengthBytes;
            return true;
        }
    }
}
