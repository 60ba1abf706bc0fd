using System.Net;
using System.Security.Cryptography;
using Amazon.S3.Model;
using Amazon.S3.Transfer;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>Multipart uploads through the AWS SDK. Parts but the last have at least 5 MiB (Amazon S3, quotas).</summary>
public class UploadTests(SharedDeployment shared) : S3Tests(shared)
{
    private const int PartBytesMin = 5 * 1024 * 1024;

    [Fact]
    public async Task Parts_become_one_object()
    {
        byte[][] parts = [Bytes(PartBytesMin, 1), Bytes(PartBytesMin + 17, 2), Bytes(1000, 3)];
        var upload = await BeginAsync();
        var etags = new List<PartETag>();
        // Parts may come in any order, and numbers may be left out.
        foreach (var (number, part) in new[] { (9, parts[2]), (1, parts[0]), (5, parts[1]) })
        {
            etags.Add(new PartETag(number, (await PutPartAsync(upload, number, part)).ETag));
        }

        var done = await CompleteAsync(upload, [.. etags.OrderBy(part => part.PartNumber)]);

        // S3: the MD5 of the parts' MD5s, and how many there are.
        var md5 = MD5.HashData([.. parts.SelectMany(MD5.HashData)]);
        Assert.Equal($"\"{Convert.ToHexStringLower(md5)}-3\"", done.ETag);
        byte[] whole = [.. parts.SelectMany(part => part)];
        Assert.Equal(whole, await GetAsync("a"));
        using var second = await S3.GetObjectAsync(new() { BucketName = Bucket, Key = "a", PartNumber = 2 }, Cancelled);
        Assert.Equal(3, second.PartsCount);
        Assert.Equal(parts[1], await ReadAsync(second));
        await RefusedAsync(HttpStatusCode.RequestedRangeNotSatisfiable, "InvalidPartNumber",
            () => GetAsync("a", get => get.PartNumber = 4));
        Assert.Equal(
            parts[0][^5..].Concat(parts[1][..5]),
            await GetAsync("a", get => get.ByteRange = new ByteRange(PartBytesMin - 5, PartBytesMin + 4)));
    }

    [Fact]
    public async Task A_part_sent_again_replaces_the_first()
    {
        var upload = await BeginAsync();
        var old = await PutPartAsync(upload, 1, Bytes(100, 1));
        var replaced = await PutPartAsync(upload, 1, Bytes(200, 2));

        await RefusedAsync(HttpStatusCode.BadRequest, "InvalidPart", () => CompleteAsync(upload, [new PartETag(1, old.ETag)]));
        await CompleteAsync(upload, [new PartETag(1, replaced.ETag)]);

        Assert.Equal(Bytes(200, 2), await GetAsync("a"));
    }

    [Fact]
    public async Task Parts_must_be_there_and_large_enough()
    {
        var upload = await BeginAsync();
        var one = new PartETag(1, (await PutPartAsync(upload, 1, Bytes(100, 1))).ETag);
        var two = new PartETag(2, (await PutPartAsync(upload, 2, Bytes(100, 2))).ETag);

        await RefusedAsync(HttpStatusCode.BadRequest, "EntityTooSmall", () => CompleteAsync(upload, [one, two]));
        await RefusedAsync(HttpStatusCode.BadRequest, "InvalidPart", () => CompleteAsync(upload, [one, new PartETag(3, one.ETag)]));
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchKey", () => GetAsync("a"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_001)]
    [InlineData(-1)]
    public async Task A_part_has_a_number_from_1_to_10000(int number)
    {
        var upload = await BeginAsync();

        await RefusedAsync(HttpStatusCode.BadRequest, "InvalidArgument", () => PutPartAsync(upload, number, [1]));
        await PutPartAsync(upload, 10_000, [1]);
    }

    [Fact]
    public async Task Parts_are_copied_from_objects()
    {
        var source = Bytes(PartBytesMin + 1000);
        await S3.PutObjectAsync(new() { BucketName = Bucket, Key = "source ü", InputStream = new MemoryStream(source) }, Cancelled);
        var upload = await BeginAsync();
        var request = new CopyPartRequest
        {
            SourceBucket = Bucket,
            SourceKey = "source ü",
            DestinationBucket = Bucket,
            DestinationKey = "a",
            UploadId = upload,
            PartNumber = 1,
            FirstByte = 500,
            LastByte = 499 + PartBytesMin,
        };

        var first = await S3.CopyPartAsync(request, Cancelled);
        var second = await PutPartAsync(upload, 2, [7, 8, 9]);
        await CompleteAsync(upload, [new PartETag(1, first.ETag), new PartETag(2, second.ETag)]);

        Assert.Equal($"\"{Convert.ToHexStringLower(MD5.HashData(source.AsSpan(500, PartBytesMin)))}\"", first.ETag);
        Assert.Equal([.. source[500..(500 + PartBytesMin)], 7, 8, 9], await GetAsync("a"));
        request.LastByte = source.Length;
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchUpload", () => S3.CopyPartAsync(request, Cancelled));
    }

    [Fact]
    public async Task Uploads_and_parts_are_listed()
    {
        var upload = await BeginAsync("b/1");
        var other = await BeginAsync("b/2");
        await BeginAsync("a");
        await Task.WhenAll(Enumerable.Range(1, 5).Select(number => PutPartAsync(upload, number, Bytes(number), "b/1")));

        var first = await S3.ListPartsAsync(new() { BucketName = Bucket, Key = "b/1", UploadId = upload, MaxParts = 3 }, Cancelled);
        var second = await S3.ListPartsAsync(
            new() { BucketName = Bucket, Key = "b/1", UploadId = upload, PartNumberMarker = $"{first.NextPartNumberMarker}" }, Cancelled);
        var uploads = await S3.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = Bucket, Prefix = "b/" }, Cancelled);
        var groups = await S3.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = Bucket, Delimiter = "/" }, Cancelled);
        var after = await S3.ListMultipartUploadsAsync(
            new ListMultipartUploadsRequest { BucketName = Bucket, KeyMarker = "b/1", UploadIdMarker = upload }, Cancelled);

        Assert.Equal([(1, 1L), (2, 2L), (3, 3L)], first.Parts.Select(part => (part.PartNumber!.Value, part.Size!.Value)));
        Assert.True(first.IsTruncated);
        Assert.Equal([4, 5], second.Parts.Select(part => part.PartNumber!.Value));
        Assert.Equal([("b/1", upload), ("b/2", other)], uploads.MultipartUploads.Select(each => (each.Key, each.UploadId)));
        Assert.Equal(["a"], groups.MultipartUploads.Select(each => each.Key));
        Assert.Equal(["b/"], groups.CommonPrefixes);
        Assert.Equal(["b/2"], after.MultipartUploads.Select(each => each.Key));
    }

    [Fact]
    public async Task An_aborted_upload_is_gone()
    {
        var upload = await BeginAsync();
        var part = await PutPartAsync(upload, 1, Bytes(1000));

        await S3.AbortMultipartUploadAsync(Bucket, "a", upload, Cancelled);

        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchUpload", () => PutPartAsync(upload, 2, [1]));
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchUpload", () => CompleteAsync(upload, [new PartETag(1, part.ETag)]));
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchUpload", () => S3.ListPartsAsync(Bucket, "a", upload, Cancelled));
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchUpload", () => S3.AbortMultipartUploadAsync(Bucket, "a", upload, Cancelled));
        Assert.Empty((await S3.ListMultipartUploadsAsync(Bucket, Cancelled)).MultipartUploads ?? []);
        await S3.DeleteBucketAsync(Bucket, Cancelled);
    }

    [Fact]
    public async Task An_upload_keeps_its_headers_and_metadata()
    {
        var begin = new InitiateMultipartUploadRequest { BucketName = Bucket, Key = "a", ContentType = "video/mp4" };
        begin.Metadata["by"] = "Anna";
        var upload = (await S3.InitiateMultipartUploadAsync(begin, Cancelled)).UploadId;
        var part = await PutPartAsync(upload, 1, Bytes(10));
        await CompleteAsync(upload, [new PartETag(1, part.ETag)]);

        var head = await S3.GetObjectMetadataAsync(Bucket, "a", Cancelled);

        Assert.Equal(("video/mp4", "Anna", 10L), (head.Headers.ContentType, head.Metadata["by"], head.ContentLength));
    }

    [Fact]
    public async Task The_transfer_manager_sends_and_fetches_a_large_object()
    {
        var content = Bytes((3 * PartBytesMin) + 12_345);
        using var transfer = new TransferUtility(S3, new TransferUtilityConfig { MinSizeBeforePartUpload = PartBytesMin });

        await transfer.UploadAsync(
            new TransferUtilityUploadRequest { BucketName = Bucket, Key = "a", InputStream = new MemoryStream(content), PartSize = PartBytesMin },
            Cancelled);

        Assert.Equal(SHA256.HashData(content), SHA256.HashData(await GetAsync("a")));
    }

    private async Task<string> BeginAsync(string key = "a")
        => (await S3.InitiateMultipartUploadAsync(Bucket, key, Cancelled)).UploadId;

    private Task<UploadPartResponse> PutPartAsync(string upload, int number, byte[] content, string key = "a")
        => S3.UploadPartAsync(
            new() { BucketName = Bucket, Key = key, UploadId = upload, PartNumber = number, InputStream = new MemoryStream(content) },
            Cancelled);

    private Task<CompleteMultipartUploadResponse> CompleteAsync(string upload, List<PartETag> parts)
        => S3.CompleteMultipartUploadAsync(new() { BucketName = Bucket, Key = "a", UploadId = upload, PartETags = parts }, Cancelled);
}
