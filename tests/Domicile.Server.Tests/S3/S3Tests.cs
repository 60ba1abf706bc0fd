using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Control;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>What tests of the S3 API have: an account of their own in Singapore, a bucket, the AWS SDK's client.</summary>
public abstract class S3Tests(SharedDeployment shared) : IAsyncLifetime
{
    internal const string Bucket = "photos";

    internal LiveDeployment Deployment { get; private set; } = null!;

    internal NewAccountView Account { get; private set; } = null!;

    internal AmazonS3Client S3 { get; private set; } = null!;

    internal static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync()
    {
        Deployment = await shared.GetAsync();
        Account = await Deployment.Control.AddAccountAsync("SG");
        S3 = Deployment.OpenS3(Account);
        await S3.PutBucketAsync(Bucket, Cancelled);
    }

    public virtual ValueTask DisposeAsync()
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', Deployment.LogOf("singapore").Split('\n').TakeLast(5)));
        }

        S3?.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    internal Task<PutObjectResponse> PutAsync(string key, string content, Action<PutObjectRequest>? change = null)
    {
        var request = new PutObjectRequest { BucketName = Bucket, Key = key, ContentBody = content };
        change?.Invoke(request);
        return S3.PutObjectAsync(request, Cancelled);
    }

    internal async Task<byte[]> GetAsync(string key, Action<GetObjectRequest>? change = null, string bucket = Bucket)
    {
        var request = new GetObjectRequest { BucketName = bucket, Key = key };
        change?.Invoke(request);
        using var found = await S3.GetObjectAsync(request, Cancelled);
        return await ReadAsync(found);
    }

    internal async Task<string> GetTextAsync(string key, Action<GetObjectRequest>? change = null)
        => System.Text.Encoding.UTF8.GetString(await GetAsync(key, change));

    internal static async Task<byte[]> ReadAsync(GetObjectResponse found)
    {
        using var content = new MemoryStream();
        await found.ResponseStream.CopyToAsync(content, Cancelled);
        return content.ToArray();
    }

    /// <summary>The call fails with this S3 error.</summary>
    internal static async Task<AmazonS3Exception> RefusedAsync(HttpStatusCode status, string? code, Func<Task> call)
    {
        var refusal = await Assert.ThrowsAnyAsync<AmazonS3Exception>(call);
        Assert.Equal((status, code ?? refusal.ErrorCode), (refusal.StatusCode, refusal.ErrorCode));
        return refusal;
    }

    /// <summary>The same bytes in every run.</summary>
    internal static byte[] Bytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
