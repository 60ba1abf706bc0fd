using System.Net;
using Amazon.S3;
using Amazon.S3.Model;

namespace Domicile.Server.Tests.Moves;

/// <summary>
/// One client of the account: puts, gets, deletes, conditional puts and compare-and-sets on a few keys that all clients share,
/// one request after the other, each through any of the endpoints. What it does is drawn from its seed.
/// </summary>
internal sealed class RegisterClient(
    string name, int seed, IReadOnlyList<AmazonS3Client> endpoints, IReadOnlyList<string> buckets, Recorder recorder,
    TimeSpan pace, TimeSpan patience)
{
    private const int KeysPerBucket = 4;

    // Both above and below the inline limit.
    private static readonly int[] Lengths = [60, 400, 3_000, 70_000];

    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly Random _random = new(seed);
    private int _written;

    /// <param name="generation">Names the keys of this moment: histories of one key stay short enough to be judged.</param>
    public async Task RunAsync(Func<int> generation, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var bucket = buckets[_random.Next(buckets.Count)];
            var key = $"{bucket}/g{generation()}-k{_random.Next(KeysPerBucket)}";
            var s3 = endpoints[_random.Next(endpoints.Count)];
            var isUnknown = (await ActAsync(s3, key)).Outcome == OperationOutcome.Unknown;

            // Where a process is down, asking it as fast as it refuses would only make noise.
            var wait = isUnknown && pace < AfterFailure ? AfterFailure : pace;
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>A read of one key, put down like any other.</summary>
    public Task<Operation> GetAsync(AmazonS3Client s3, string key)
        => RunAsync(Plan(OperationKind.Get, key, null), async (planned, stop) => planned with
        {
            Value = (await ReadAsync(s3, key, stop)).Value,
        });

    private Task<Operation> ActAsync(AmazonS3Client s3, string key)
        => _random.Next(100) switch
        {
            < 30 => PutAsync(s3, Plan(OperationKind.Put, key, NextValue())),
            < 38 => DeleteAsync(s3, key),
            < 50 => PutAsync(s3, Plan(OperationKind.PutIfAbsent, key, NextValue())),
            < 68 => CompareAndSetAsync(s3, key),
            _ => GetAsync(s3, key),
        };

    private async Task<Operation> CompareAndSetAsync(AmazonS3Client s3, string key)
    {
        string? etag = null;
        var read = await RunAsync(Plan(OperationKind.Get, key, null), async (planned, stop) =>
        {
            (var value, etag) = await ReadAsync(s3, key, stop);
            return planned with { Value = value };
        });
        return read.Value is { } present && etag is not null
            ? await PutAsync(s3, Plan(OperationKind.CompareAndSet, key, NextValue()) with { Expected = present }, etag)
            : read;
    }

    private Task<Operation> PutAsync(AmazonS3Client s3, Operation plan, string? etag = null)
        => RunAsync(plan, async (planned, stop) =>
        {
            var request = new PutObjectRequest
            {
                BucketName = BucketOf(planned.Key),
                Key = NameOf(planned.Key),
                InputStream = new MemoryStream(UniqueContent.Of(planned.Value!)),
                IfNoneMatch = planned.Kind == OperationKind.PutIfAbsent ? "*" : null,
                IfMatch = planned.Kind == OperationKind.CompareAndSet ? etag : null,
            };
            var answer = await s3.PutObjectAsync(request, stop);
            return planned with { VersionId = VersionOf(answer.VersionId) };
        });

    private Task<Operation> DeleteAsync(AmazonS3Client s3, string key)
        => RunAsync(Plan(OperationKind.Delete, key, null), async (planned, stop) =>
        {
            var answer = await s3.DeleteObjectAsync(BucketOf(key), NameOf(key), stop);
            return planned with { VersionId = VersionOf(answer.VersionId) };
        });

    private static async Task<(string? Value, string? ETag)> ReadAsync(
        AmazonS3Client s3, string key, CancellationToken stop)
    {
        try
        {
            using var answer = await s3.GetObjectAsync(BucketOf(key), NameOf(key), stop);
            return (await UniqueContent.ReadAsync(answer.ResponseStream, stop), answer.ETag);
        }
        catch (AmazonS3Exception nothing) when (nothing.StatusCode == HttpStatusCode.NotFound && nothing.ErrorCode == "NoSuchKey")
        {
            return (null, null);
        }
    }

    // By a token and not by the SDK's timeout: that one may send the request a second time when it is over, unasked, and a
    // condition that is refused then says nothing of the first.
    private async Task<Operation> RunAsync(Operation plan, Func<Operation, CancellationToken, Task<Operation>> act)
    {
        using var limit = new CancellationTokenSource(patience, TimeProvider.System);
        return await recorder.RunAsync(plan, planned => act(planned, limit.Token));
    }

    private Operation Plan(OperationKind kind, string key, string? value) => new(name, key, kind, value, 0);

    private string NextValue() => UniqueContent.Name(name, _written++, Lengths[_random.Next(Lengths.Length)]);

    private static string BucketOf(string key) => key[..key.IndexOf('/', StringComparison.Ordinal)];

    private static string NameOf(string key) => key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..];

    private static string? VersionOf(string? said) => said is null or "null" or "" ? null : said;
}
