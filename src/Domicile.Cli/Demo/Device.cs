using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Domicile.Cli.Demo;

/// <summary>
/// A person's phone: writes, reads what it wrote, lists, and so on, one request after the other, each through any of the
/// endpoints. It knows what every answer must be.
/// </summary>
internal sealed class Device(Person person, IReadOnlyList<Uri> endpoints, Journal journal, int seed, TimeProvider time)
    : IDisposable
{
    public const string Bucket = "backup";

    private const int KeysMax = 24;
    private const int ContentBytesMax = 4_096;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);

    private readonly Random _random = new(seed);
    private readonly List<AmazonS3Client> _clients = [.. endpoints.Select(endpoint => StockClient.Open(person, endpoint))];

    // Key → SHA-256 of what was last acknowledged.
    private readonly Dictionary<string, string> _latest = new(StringComparer.Ordinal);

    private string Prefix => $"{person.Markers.Name}/phone/";

    public async Task RunAsync(CancellationToken stop)
    {
        for (var turn = 0; !stop.IsCancellationRequested; turn++)
        {
            var through = _random.Next(_clients.Count);
            var start = time.GetUtcNow();
            var begun = time.GetTimestamp();
            try
            {
                // No stop inside a request: whether a request that was cut off was done, nobody could say.
                await ActAsync(turn, _clients[through]);
                journal.Answered(start, time.GetElapsedTime(begun));
            }
            catch (Exception failure) when (failure is AmazonServiceException or AmazonClientException
                or HttpRequestException or IOException or OperationCanceledException or ArgumentException
                or InvalidOperationException or WrongAnswerException)
            {
                journal.Failed(
                    $"{person.Name}'s {Act(turn)} through {endpoints[through].Authority} at {start:HH:mm:ss.fff} UTC "
                    + $"after {time.GetElapsedTime(begun).TotalSeconds:0.0} s: {failure.Message}");
            }

            await Task.Delay(Pause, time, stop).ContinueWith(
                _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    public void Dispose() => _clients.ForEach(client => client.Dispose());

    private static string Act(int turn) => (turn % 5) switch { 0 or 2 => "write", 4 => "listing", _ => "read" };

    private Task ActAsync(int turn, AmazonS3Client client)
        => Act(turn) switch
        {
            "write" => WriteAsync(client),
            "read" => ReadAsync(client),
            _ => ListAsync(client),
        };

    private async Task WriteAsync(AmazonS3Client client)
    {
        var key = Prefix + _random.Next(KeysMax).ToString("00", CultureInfo.InvariantCulture);
        var content = new byte[_random.Next(64, ContentBytesMax)];
        _random.NextBytes(content);
        Encoding.UTF8.GetBytes(person.Markers.Content).CopyTo(content, 0);
        var write = await Uploads.PutAsync(client, person, Bucket, key, content, CancellationToken.None);
        journal.Acknowledged(write);
        _latest[key] = write.Sha256;
    }

    private async Task ReadAsync(AmazonS3Client client)
    {
        var (key, expected) = _latest.ElementAt(_random.Next(_latest.Count));
        using var answer = await client.GetObjectAsync(Bucket, key, CancellationToken.None);
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(answer.ResponseStream, CancellationToken.None));
        if (hash != expected)
        {
            throw new WrongAnswerException($"{key} has not the bytes that were last acknowledged (version {answer.VersionId})");
        }
    }

    private async Task ListAsync(AmazonS3Client client)
    {
        var answer = await client.ListObjectsV2Async(
            new ListObjectsV2Request { BucketName = Bucket, Prefix = Prefix }, CancellationToken.None);
        var listed = (answer.S3Objects ?? []).Select(found => found.Key).ToHashSet(StringComparer.Ordinal);
        if (!listed.SetEquals(_latest.Keys))
        {
            throw new WrongAnswerException($"listed {listed.Count} keys where {_latest.Count} were written");
        }
    }
}

/// <summary>An answer came, and it was not the truth.</summary>
internal sealed class WrongAnswerException(string message) : Exception(message);
