using Domicile.Control;

namespace Domicile.Bench;

/// <summary>Objects for an account, through S3.</summary>
internal static class FillAccount
{
    public const string Bucket = "bench";

    private const int Connections = 16;
    private const int OnDiskAt = 64 << 20;

    public static async Task MakeBucketAsync(TestBed bed, NewAccountView account, bool versioned, BenchCall call)
    {
        using var link = bed.Connect(account, account.Home, 1);
        await link.DoAsync(HttpMethod.Put, $"/{Bucket}", null, call.Stop);
        if (versioned)
        {
            await link.DoAsync(
                HttpMethod.Put, $"/{Bucket}?versioning",
                new StringContent("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"), call.Stop);
        }
    }

    /// <summary>So many objects of so many bytes, each written so many times.</summary>
    public static async Task RunAsync(
        TestBed bed, NewAccountView account, string prefix, int count, long bytes, BenchCall call, int versions = 1)
    {
        using var link = bed.Connect(account, account.Home, Connections);
        var content = new byte[Math.Min(bytes, OnDiskAt)];
        new Random((int)(bytes % int.MaxValue)).NextBytes(content);
        for (var version = 0; version < versions; version++)
        {
            await Parallel.ForAsync(
                0, count,
                new ParallelOptions
                {
                    MaxDegreeOfParallelism = bytes >= OnDiskAt ? 2 : Connections,
                    CancellationToken = call.Stop,
                },
                async (index, stop) => await link.DoAsync(
                    HttpMethod.Put, $"/{Bucket}/{prefix}{index % 100}/{index}",
                    bytes > OnDiskAt ? new RepeatedContent(content, bytes) : new ByteArrayContent(content), stop));
        }
    }

    private sealed class RepeatedContent(byte[] content, long lengthBytes) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            for (var left = lengthBytes; left > 0; left -= content.Length)
            {
                await stream.WriteAsync(content.AsMemory(0, (int)Math.Min(left, content.Length)));
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = lengthBytes;
            return true;
        }
    }
}
