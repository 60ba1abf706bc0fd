using System.Globalization;
using System.Security.Cryptography;
using Amazon.S3.Model;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>An object larger than what a region's process may hold streams in and out of it.</summary>
public sealed class MemoryTests
{
    private const int ObjectBytes = 256 << 20;
    private const int ResidentBytesMax = 200 << 20;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_large_object_streams_through_little_memory()
    {
        // Its own region: others' peaks are no matter of this object.
        await using var deployment = await LiveDeployment.StartAsync(new() { Regions = [DeploymentSetup.Singapore] });
        using var s3 = deployment.OpenS3(await deployment.Control.AddAccountAsync("SG"));
        await s3.PutBucketAsync("photos", Cancelled);

        await s3.PutObjectAsync(
            new PutObjectRequest { BucketName = "photos", Key = "a", InputStream = new MemoryStream(new byte[ObjectBytes]) },
            Cancelled);
        using var found = await s3.GetObjectAsync("photos", "a", Cancelled);
        var hash = await SHA256.HashDataAsync(found.ResponseStream, Cancelled);

        // `head -c 268435456 /dev/zero | sha256sum`
        Assert.Equal("a6d72ac7690f53be6ae46ba88506bd97302a093f7108472bd9efc3cefda06484", Convert.ToHexStringLower(hash));
        Assert.InRange(PeakOf(deployment, "singapore"), 1, ResidentBytesMax);
    }

    /// <summary>VmHWM of proc(5): the most that the process ever held, in bytes.</summary>
    private static long PeakOf(LiveDeployment deployment, string process)
    {
        var line = File.ReadLines($"/proc/{deployment.PidOf(process)}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }
}
