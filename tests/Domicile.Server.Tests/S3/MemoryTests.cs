using System.Globalization;
using System.Security.Cryptography;
using Amazon.S3.Model;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>An object larger than what a region's process may hold streams in and out of it.</summary>
public sealed class MemoryTests(SharedDeployment shared) : S3Tests(shared)
{
    private const int ObjectBytes = 256 << 20;
    private const int ResidentBytesMax = 200 << 20;

    [Fact]
    public async Task A_large_object_streams_through_little_memory()
    {
        var before = PeakOf("singapore");
        await S3.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = Bucket, Key = "a", InputStream = new MemoryStream(new byte[ObjectBytes]), DisablePayloadSigning = false,
                UseChunkEncoding = false,
            },
            Cancelled);
        using var found = await S3.GetObjectAsync(Bucket, "a", Cancelled);
        var hash = await SHA256.HashDataAsync(found.ResponseStream, Cancelled);

        // `head -c 268435456 /dev/zero | sha256sum`
        Assert.Equal("a6d72ac7690f53be6ae46ba88506bd97302a093f7108472bd9efc3cefda06484", Convert.ToHexStringLower(hash));
        var after = PeakOf("singapore");
        Assert.True(after < ResidentBytesMax, $"peak {after >> 20} MiB, before {before >> 20} MiB");
    }

    /// <summary>VmHWM of proc(5): the most that the process ever held, in bytes.</summary>
    private long PeakOf(string process)
    {
        var line = File.ReadLines($"/proc/{Deployment.PidOf(process)}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }
}
