using System.Net;
using System.Reflection;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Control;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Relay;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>
/// What tests of the S3 API have: an account of their own in Singapore, a bucket, the AWS SDK's client. Where a class says
/// <see cref="ThroughAttribute"/>, all goes through relays, and every answer must be the one that the same test had at the home.
/// </summary>
public abstract class S3Tests(SharedDeployment shared) : IAsyncLifetime
{
    internal const string Bucket = "photos";

    private readonly List<NewAccountView> _taken = [];
    private RecordedClients? _clients;

    internal LiveDeployment Deployment { get; private set; } = null!;

    internal NewAccountView Account { get; private set; } = null!;

    internal AmazonS3Client S3 { get; private set; } = null!;

    /// <summary>Where the test's requests enter.</summary>
    internal Uri Endpoint { get; private set; } = null!;

    private Route Route => GetType().GetCustomAttribute<ThroughAttribute>()?.Route ?? Route.Home;

    internal static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync()
    {
        Deployment = await (Route == Route.Home ? shared.GetAsync() : shared.Relays.GetAsync());
        Account = await AddAccountAsync();
        var entry = RelayDeployment.EntryOf(Route);
        Endpoint = Deployment.EndpointOf(entry);
        _clients = new RecordedClients(Transcript.Begin(this, Route, Account, Endpoint));
        S3 = Deployment.OpenS3(Account, entry, config => config.HttpClientFactory = _clients);
        await S3.PutBucketAsync(Bucket, Cancelled);
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', Deployment.LogOf("singapore").Split('\n').TakeLast(5)));
        }

        S3?.Dispose();
        _clients?.Dispose();
        GC.SuppressFinalize(this);
        var differences = Transcript.End(TestContext.Current.TestState?.Result == TestResult.Passed);
        foreach (var account in _taken)
        {
            await shared.Relays.GiveBackAsync(account);
        }

        Assert.True(differences.Length == 0, differences);
    }

    /// <summary>One more account that the test's route leads to.</summary>
    internal async Task<NewAccountView> AddAccountAsync()
    {
        if (Route == Route.Home)
        {
            return await Deployment.Control.AddAccountAsync("SG");
        }

        _taken.Add(await shared.Relays.TakeAccountAsync());
        return _taken[^1];
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
