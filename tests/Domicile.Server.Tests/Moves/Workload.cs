using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Control;
using Domicile.Server.Tests.Deployment;

namespace Domicile.Server.Tests.Moves;

/// <summary>
/// Clients of one account, writing and reading through all regions until they are stopped, and the judgement of what they saw.
/// </summary>
internal sealed class Workload : IAsyncDisposable
{
    public const string Versioned = "versioned";
    public const string Plain = "plain";

    private readonly LiveDeployment _deployment;
    private readonly NewAccountView _account;
    private readonly List<AmazonS3Client> _endpoints;
    private readonly List<RegisterClient> _clients;
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private int _generation;

    private Workload(
        LiveDeployment deployment, NewAccountView account, int clients, int seed, bool retries, TimeSpan pace, TimeSpan patience)
    {
        _deployment = deployment;
        _account = account;
        _endpoints =
        [
            .. deployment.Config.Regions.Select(region => deployment.OpenS3(account, region.Facts.Name.Value, config =>
            {
                // Where processes are killed, a retry could write a value a second time: the history is to say what happened.
                if (!retries)
                {
                    LiveDeployment.SendOnce(config);
                }

                config.Timeout = patience * 4;
            })),
        ];
        _clients =
        [
            .. Enumerable.Range(0, clients).Select(number =>
                new RegisterClient($"c{number}", seed + number, _endpoints, [Versioned, Plain], Recorder, pace, patience)),
        ];
    }

    public Recorder Recorder { get; } = new();

    /// <param name="retries">Whether the clients try again as the SDK does by default.</param>
    /// <param name="pace">What each client waits between two requests; nothing by default.</param>
    /// <param name="patience">How long a client waits for an answer; a minute by default.</param>
    public static async Task<Workload> StartAsync(
        LiveDeployment deployment, NewAccountView account, int clients, int seed, bool retries, TimeSpan pace = default,
        TimeSpan? patience = null)
    {
        using var s3 = deployment.OpenS3(account);
        await s3.PutBucketAsync(Plain);
        await s3.PutBucketAsync(Versioned);
        await s3.PutBucketVersioningAsync(new PutBucketVersioningRequest
        {
            BucketName = Versioned,
            VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled },
        });
        var workload = new Workload(
            deployment, account, clients, seed, retries, pace, patience ?? TimeSpan.FromMinutes(1));
        workload._running = Task.WhenAll(workload._clients.Select(client =>
            Task.Run(() => client.RunAsync(() => Volatile.Read(ref workload._generation), workload._stop.Token))));
        return workload;
    }

    public void NextGeneration() => Interlocked.Increment(ref _generation);

    /// <summary>How many writes were acknowledged so far.</summary>
    public int Acknowledged => Recorder.History.Count(one => one.HasWritten);

    /// <summary>Completes when more writes have been acknowledged than now.</summary>
    public Task WritesGoOnAsync(int more, TimeSpan? patience = null)
    {
        var before = Acknowledged;
        return Eventually.HoldsAsync(
            () => Task.FromResult(Acknowledged >= before + more), $"{more} more writes are acknowledged", patience);
    }

    /// <summary>Stops the clients, reads every key once more, and looks for what is wrong.</summary>
    public async Task<IReadOnlyList<Violation>> JudgeAsync()
    {
        await StopAsync();
        var keys = Recorder.History.Select(one => one.Key).Distinct().ToList();
        foreach (var key in keys)
        {
            await _clients[0].GetAsync(_endpoints[0], key);
        }

        var history = Recorder.History;
        var versions = history.Where(one => one.Key.StartsWith(Versioned, StringComparison.Ordinal));
        return [.. HistoryCheck.Check(history), .. VersionCheck.Check(versions, await ListVersionsAsync())];
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _endpoints.ForEach(endpoint => endpoint.Dispose());
        _stop.Dispose();
    }

    private async Task<List<ListedVersion>> ListVersionsAsync()
    {
        var listed = new List<ListedVersion>();
        var request = new ListVersionsRequest { BucketName = Versioned };
        while (true)
        {
            var page = await _endpoints[0].ListVersionsAsync(request);
            foreach (var version in page.Versions ?? [])
            {
                listed.Add(await ReadAsync(version));
            }

            if (page.IsTruncated != true)
            {
                return listed;
            }

            (request.KeyMarker, request.VersionIdMarker) = (page.NextKeyMarker, page.NextVersionIdMarker);
        }
    }

    private async Task<ListedVersion> ReadAsync(S3ObjectVersion version)
    {
        var key = $"{Versioned}/{version.Key}";
        var modified = version.LastModified!.Value.ToUniversalTime();
        if (version.IsDeleteMarker == true)
        {
            return new ListedVersion(key, version.VersionId, null, modified);
        }

        using var answer = await _endpoints[0].GetObjectAsync(Versioned, version.Key, version.VersionId);
        return new ListedVersion(
            key, version.VersionId, await UniqueContent.ReadAsync(answer.ResponseStream, default), modified);
    }
}
