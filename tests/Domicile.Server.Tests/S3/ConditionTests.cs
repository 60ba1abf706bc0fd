using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>Conditions on reads and writes through the AWS SDK (RFC 9110, 13; Amazon S3 User Guide, "Conditional writes").</summary>
public class ConditionTests(SharedDeployment shared) : S3Tests(shared)
{
    private const string NoETag = "\"00000000000000000000000000000000\"";

    private static DateTime HourAgo => TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-1);

    private static DateTime InAnHour => TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1);

    [Fact]
    public async Task A_read_asks_for_an_etag()
    {
        var etag = (await PutAsync("a", "content")).ETag;

        Assert.Equal("content", await GetTextAsync("a", get => get.EtagToMatch = etag));
        Assert.Equal("content", await GetTextAsync("a", get => get.EtagToNotMatch = NoETag));
        await RefusedAsync(HttpStatusCode.PreconditionFailed, "PreconditionFailed", () => GetAsync("a", get => get.EtagToMatch = NoETag));
        await RefusedAsync(HttpStatusCode.NotModified, null, () => GetAsync("a", get => get.EtagToNotMatch = etag));
        await RefusedAsync(HttpStatusCode.NotModified, null, () => S3.GetObjectMetadataAsync(
            new() { BucketName = Bucket, Key = "a", EtagToNotMatch = etag }, Cancelled));
    }

    [Fact]
    public async Task A_read_asks_for_a_time()
    {
        await PutAsync("a", "content");

        Assert.Equal("content", await GetTextAsync("a", get => get.ModifiedSinceDate = HourAgo));
        Assert.Equal("content", await GetTextAsync("a", get => get.UnmodifiedSinceDate = InAnHour));
        await RefusedAsync(HttpStatusCode.PreconditionFailed, "PreconditionFailed", () => GetAsync("a", get => get.UnmodifiedSinceDate = HourAgo));
        await RefusedAsync(HttpStatusCode.NotModified, null, () => GetAsync("a", get => get.ModifiedSinceDate = InAnHour.AddMinutes(-59.9)));
    }

    [Fact]
    public async Task Of_many_writers_who_want_to_be_first_one_is()
    {
        Relay.Transcript.Forget();
        var wins = await Task.WhenAll(Enumerable.Range(0, 16).Select(async number =>
        {
            try
            {
                await PutAsync("a", $"{number}", put => put.IfNoneMatch = "*");
                return true;
            }
            catch (AmazonS3Exception refusal) when (refusal.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict)
            {
                return false;
            }
        }));

        Assert.Single(wins, won => won);
        Assert.Equal($"{Array.IndexOf(wins, true)}", await GetTextAsync("a"));
    }

    [Fact]
    public async Task A_write_replaces_only_what_its_writer_has_seen()
    {
        var seen = (await PutAsync("a", "seen")).ETag;
        await PutAsync("a", "mine", put => put.IfMatch = seen);

        await RefusedAsync(HttpStatusCode.PreconditionFailed, "PreconditionFailed", () => PutAsync("a", "late", put => put.IfMatch = seen));
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchKey", () => PutAsync("b", "late", put => put.IfMatch = seen));
        Assert.Equal("mine", await GetTextAsync("a"));
    }

    [Fact]
    public async Task An_upload_completes_only_if_nobody_was_faster()
    {
        var upload = (await S3.InitiateMultipartUploadAsync(Bucket, "a", Cancelled)).UploadId;
        var part = await S3.UploadPartAsync(
            new() { BucketName = Bucket, Key = "a", UploadId = upload, PartNumber = 1, InputStream = new MemoryStream([1]) }, Cancelled);
        await PutAsync("a", "faster");

        await RefusedAsync(HttpStatusCode.PreconditionFailed, "PreconditionFailed", () => S3.CompleteMultipartUploadAsync(
            new() { BucketName = Bucket, Key = "a", UploadId = upload, PartETags = [new(1, part.ETag)], IfNoneMatch = "*" }, Cancelled));
        Assert.Equal("faster", await GetTextAsync("a"));
    }

    [Fact]
    public async Task A_delete_asks_for_an_etag()
    {
        var etag = (await PutAsync("a", "content")).ETag;

        await RefusedAsync(HttpStatusCode.PreconditionFailed, "PreconditionFailed", () => S3.DeleteObjectAsync(
            new() { BucketName = Bucket, Key = "a", IfMatch = NoETag }, Cancelled));
        await S3.DeleteObjectAsync(new() { BucketName = Bucket, Key = "a", IfMatch = etag }, Cancelled);

        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchKey", () => GetAsync("a"));
    }

    [Fact]
    public async Task A_copy_asks_for_its_sources_etag_and_time()
    {
        var etag = (await PutAsync("a", "content")).ETag;
        await CopyAsync(copy => copy.ETagToMatch = etag);
        await CopyAsync(copy => copy.ModifiedSinceDate = HourAgo);

        await RefusedAsync(HttpStatusCode.PreconditionFailed, "PreconditionFailed", () => CopyAsync(copy => copy.ETagToMatch = NoETag));
        await RefusedAsync(HttpStatusCode.PreconditionFailed, "PreconditionFailed", () => CopyAsync(copy => copy.ETagToNotMatch = etag));
        await RefusedAsync(HttpStatusCode.PreconditionFailed, "PreconditionFailed", () => CopyAsync(copy => copy.UnmodifiedSinceDate = HourAgo));
    }

    private Task<CopyObjectResponse> CopyAsync(Action<CopyObjectRequest> change)
    {
        var request = new CopyObjectRequest { SourceBucket = Bucket, SourceKey = "a", DestinationBucket = Bucket, DestinationKey = "copy" };
        change(request);
        return S3.CopyObjectAsync(request, Cancelled);
    }
}
