using Amazon.S3;
using Amazon.S3.Model;
using Xunit;

namespace Domicile.Server.Tests.Moves;

/// <summary>Requests that are under way when an account leaves: a slow upload, a slow download, a multipart upload.</summary>
internal sealed class SpanningRequests(AmazonS3Client s3, string bucket, string name)
{
    private const int PartBytes = 5 << 20;
    private const int ContentBytes = 1 << 20;

    private readonly TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _uploaded = UniqueContent.Name($"slow-{name}", 0, ContentBytes);
    private readonly string _read = UniqueContent.Name($"read-{name}", 0, 3 * ContentBytes);
    private readonly string _first = UniqueContent.Name($"first-{name}", 0, PartBytes);
    private readonly string _second = UniqueContent.Name($"second-{name}", 0, PartBytes);
    private Task _upload = Task.CompletedTask;
    private Task<string> _download = Task.FromResult("");
    private InitiateMultipartUploadResponse? _parts;
    private Task<UploadPartResponse>? _part;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Returns when each is half done.</summary>
    public async Task BeginAsync()
    {
        await s3.PutObjectAsync(Put($"read-{name}", new MemoryStream(UniqueContent.Of(_read))), Cancelled);
        var body = new GatedStream(UniqueContent.Of(_uploaded), _moved.Task);
        _upload = s3.PutObjectAsync(Put($"slow-{name}", body), Cancelled);
        _parts = await s3.InitiateMultipartUploadAsync(bucket, $"parts-{name}", Cancelled);
        await UploadAsync(1, new MemoryStream(UniqueContent.Of(_first)));
        var part = new GatedStream(UniqueContent.Of(_second), _moved.Task);
        _part = UploadAsync(2, part);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _download = DownloadAsync(begun);
        await Task.WhenAll(Alive(_upload, body.HalfTaken), Alive(_part, part.HalfTaken), Alive(_download, begun.Task));
    }

    /// <summary>The account is elsewhere now: lets them go on, and checks that each ends as if nothing had happened.</summary>
    public async Task EndAsync()
    {
        _moved.SetResult();
        await _upload;
        Assert.Equal(_read, await _download);
        var (first, second) = (await s3.ListPartsAsync(bucket, $"parts-{name}", _parts!.UploadId, Cancelled), await _part!);
        Assert.Contains(first.Parts, part => part.PartNumber == 1);
        await s3.CompleteMultipartUploadAsync(
            new CompleteMultipartUploadRequest
            {
                BucketName = bucket,
                Key = $"parts-{name}",
                UploadId = _parts.UploadId,
                PartETags = [new PartETag(1, first.Parts.Single(part => part.PartNumber == 1).ETag), new PartETag(2, second.ETag)],
            },
            Cancelled);
    }

    /// <summary>All of them are there, later, wherever the account lives by then.</summary>
    public async Task AssertKeptAsync()
    {
        foreach (var (key, expected) in new[] { ($"slow-{name}", _uploaded), ($"read-{name}", _read) })
        {
            using var answer = await s3.GetObjectAsync(bucket, key, Cancelled);
            Assert.Equal(expected, await UniqueContent.ReadAsync(answer.ResponseStream, Cancelled));
        }

        using var whole = await s3.GetObjectAsync(bucket, $"parts-{name}", Cancelled);
        using var buffer = new MemoryStream();
        await whole.ResponseStream.CopyToAsync(buffer, Cancelled);
        Assert.Equal(_first, UniqueContent.Read(buffer.ToArray()[..PartBytes]));
        Assert.Equal(_second, UniqueContent.Read(buffer.ToArray()[PartBytes..]));
    }

    private static async Task Alive(Task request, Task half) => await await Task.WhenAny(request, half);

    private async Task<string> DownloadAsync(TaskCompletionSource begun)
    {
        using var answer = await s3.GetObjectAsync(bucket, $"read-{name}", Cancelled);
        using var buffer = new MemoryStream();
        var some = new byte[10_000];
        await answer.ResponseStream.ReadExactlyAsync(some, Cancelled);
        buffer.Write(some);
        begun.SetResult();
        await _moved.Task;
        await answer.ResponseStream.CopyToAsync(buffer, Cancelled);
        return UniqueContent.Read(buffer.ToArray());
    }

    private PutObjectRequest Put(string key, Stream body) => new() { BucketName = bucket, Key = key, InputStream = body };

    private Task<UploadPartResponse> UploadAsync(int number, Stream body)
        => s3.UploadPartAsync(
            new UploadPartRequest
            {
                BucketName = bucket,
                Key = $"parts-{name}",
                UploadId = _parts!.UploadId,
                PartNumber = number,
                InputStream = body,
                PartSize = PartBytes,
            },
            Cancelled);
}
