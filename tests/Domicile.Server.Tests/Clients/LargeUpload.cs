using System.Buffers.Binary;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Server.Tests.Moves;
using Xunit;

namespace Domicile.Server.Tests.Clients;

/// <summary>One object that is uploaded in parts. Each part says its number, and is cheap to make.</summary>
internal sealed class LargeUpload
{
    private const int PartBytes = 64 << 20;
    private const int PartsAtOnce = 4;

    private readonly AmazonS3Client _s3;
    private readonly InitiateMultipartUploadResponse _upload;
    private readonly byte[] _filler = new byte[PartBytes];
    private readonly PartETag[] _tags;
    private readonly byte[][] _sums;

    private LargeUpload(AmazonS3Client s3, InitiateMultipartUploadResponse upload, int parts)
    {
        _s3 = s3;
        _upload = upload;
        _tags = new PartETag[parts];
        _sums = new byte[parts][];
        new Random(1).NextBytes(_filler);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<LargeUpload> BeginAsync(AmazonS3Client s3, string bucket, string key, int parts)
        => new(s3, await s3.InitiateMultipartUploadAsync(bucket, key, Cancelled), parts);

    /// <summary>Sends a part's first half, and the second when the gate opens.</summary>
    /// <returns>When the first half has been sent: the rest of it.</returns>
    public async Task<Task> SendHalfAsync(int number, Task gate)
    {
        var body = new GatedStream(Part(number), gate);
        var sending = SendAsync(number, body);
        await await Task.WhenAny(sending, body.HalfTaken);
        return sending;
    }

    public Task SendAsync(IEnumerable<int> numbers)
        => Parallel.ForEachAsync(
            numbers, new ParallelOptions { MaxDegreeOfParallelism = PartsAtOnce, CancellationToken = Cancelled },
            async (number, _) => await SendAsync(number, new MemoryStream(Part(number))));

    /// <summary>Completes it, and reads all of it back.</summary>
    /// <returns>Its bytes.</returns>
    public async Task<long> EndAsync()
    {
        var whole = await _s3.CompleteMultipartUploadAsync(
            new CompleteMultipartUploadRequest
            {
                BucketName = _upload.BucketName,
                Key = _upload.Key,
                UploadId = _upload.UploadId,
                PartETags = [.. _tags],
            },
            Cancelled);

        // S3, "Checking object integrity": of an upload in parts, the MD5 of all parts' MD5s, and their count.
        var sum = Convert.ToHexStringLower(MD5.HashData([.. _sums.SelectMany(one => one)]));
        Assert.Equal($"\"{sum}-{_tags.Length}\"", whole.ETag);

        using var answer = await _s3.GetObjectAsync(_upload.BucketName, _upload.Key, Cancelled);
        Assert.Equal((long)_tags.Length * PartBytes, answer.ContentLength);
        var read = new byte[PartBytes];
        for (var number = 0; number < _tags.Length; number++)
        {
            await answer.ResponseStream.ReadExactlyAsync(read, Cancelled);
            Assert.True(_sums[number].SequenceEqual(MD5.HashData(read)), $"part {number} is not what was sent");
        }

        return answer.ContentLength;
    }

    private async Task SendAsync(int number, Stream body)
    {
        var answer = await _s3.UploadPartAsync(
            new UploadPartRequest
            {
                BucketName = _upload.BucketName,
                Key = _upload.Key,
                UploadId = _upload.UploadId,
                PartNumber = number + 1,
                InputStream = body,
                PartSize = PartBytes,
            },
            Cancelled);
        _tags[number] = new PartETag(number + 1, answer.ETag);
    }

    private byte[] Part(int number)
    {
        var part = _filler.ToArray();
        for (var at = 0; at < PartBytes; at += 1 << 20)
        {
            BinaryPrimitives.WriteInt32BigEndian(part.AsSpan(at), number);
        }

        _sums[number] = MD5.HashData(part);
        return part;
    }
}
