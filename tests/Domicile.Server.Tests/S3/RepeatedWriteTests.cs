using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>
/// A client that has heard no answer sends its write again. Each operation's second answer is S3's: the first one again, or the
/// code that says it was done; never a second effect that the first had already.
/// </summary>
public class RepeatedWriteTests(SharedDeployment shared) : S3Tests(shared)
{
    private const string Same = "as the first";

    [Fact]
    public async Task Every_write_may_be_sent_again()
    {
        await PutAsync("source", "content");
        await PutAsync("gone", "content");
        await S3.PutBucketAsync("empty", Cancelled);
        var (completed, tag) = await BeginAsync("completed");
        var (aborted, _) = await BeginAsync("aborted");
        var (open, _) = await BeginAsync("open");
        foreach (var (name, second, write) in Writes(completed, tag, aborted, open))
        {
            var first = await write();
            var again = await CodeOfAsync(write);
            Assert.True(again == (second == Same ? first : second), $"{name}: {first}, then {again}");
        }

        Assert.Equal("content", await GetTextAsync("completed"));
        Assert.Equal("content", await GetTextAsync("copied"));
        var listed = await S3.ListObjectsV2Async(new() { BucketName = Bucket }, Cancelled);
        Assert.Equal(["completed", "copied", "put", "source"], listed.S3Objects.Select(found => found.Key));
    }

    private IEnumerable<(string Name, string Second, Func<Task<string>> Write)> Writes(
        string completed, string tag, string aborted, string open)
    {
        var tags = new Tagging { TagSet = [new Tag { Key = "a", Value = "b" }] };
        yield return ("CreateBucket", "BucketAlreadyOwnedByYou", async () => await DoneAsync(S3.PutBucketAsync("new", Cancelled)));
        yield return ("DeleteBucket", "NoSuchBucket", async () => await DoneAsync(S3.DeleteBucketAsync("empty", Cancelled)));
        yield return ("PutBucketTagging", Same, async () => await DoneAsync(
            S3.PutBucketTaggingAsync(new PutBucketTaggingRequest { BucketName = Bucket, TagSet = tags.TagSet }, Cancelled)));
        yield return ("DeleteBucketTagging", Same, async () => await DoneAsync(
            S3.DeleteBucketTaggingAsync(new DeleteBucketTaggingRequest { BucketName = Bucket }, Cancelled)));
        yield return ("PutObject", Same, async () => (await PutAsync("put", "content")).ETag);
        yield return ("PutObjectTagging", Same, async () => await DoneAsync(
            S3.PutObjectTaggingAsync(new PutObjectTaggingRequest { BucketName = Bucket, Key = "put", Tagging = tags }, Cancelled)));
        yield return ("DeleteObjectTagging", Same, async () => await DoneAsync(
            S3.DeleteObjectTaggingAsync(new DeleteObjectTaggingRequest { BucketName = Bucket, Key = "put" }, Cancelled)));
        yield return ("CopyObject", Same, async () => (await S3.CopyObjectAsync(Bucket, "source", Bucket, "copied", Cancelled)).ETag);
        yield return ("DeleteObject", Same, async () => await DoneAsync(S3.DeleteObjectAsync(Bucket, "gone", Cancelled)));
        yield return ("DeleteObjects", Same, async () => (await S3.DeleteObjectsAsync(
            new() { BucketName = Bucket, Objects = [new KeyVersion { Key = "gone" }] }, Cancelled)).DeletedObjects[0].Key);
        yield return ("UploadPart", Same, async () => (await PutPartAsync("open", open, 1)).ETag);
        yield return ("UploadPartCopy", Same, async () => (await S3.CopyPartAsync(
            new()
            {
                SourceBucket = Bucket,
                SourceKey = "source",
                DestinationBucket = Bucket,
                DestinationKey = "open",
                UploadId = open,
                PartNumber = 2,
            },
            Cancelled)).ETag);
        yield return ("CompleteMultipartUpload", Same, async () => (await S3.CompleteMultipartUploadAsync(
            new() { BucketName = Bucket, Key = "completed", UploadId = completed, PartETags = [new PartETag(1, tag)] }, Cancelled)).ETag);
        yield return ("AbortMultipartUpload", "NoSuchUpload", async () => await DoneAsync(
            S3.AbortMultipartUploadAsync(Bucket, "aborted", aborted, Cancelled)));
        yield return ("PutBucketVersioning", Same, async () => await DoneAsync(S3.PutBucketVersioningAsync(
            new() { BucketName = "new", VersioningConfig = new() { Status = VersionStatus.Enabled } }, Cancelled)));
    }

    private static async Task<string> DoneAsync<T>(Task<T> write)
        where T : Amazon.Runtime.AmazonWebServiceResponse
        => ((int)(await write).HttpStatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<string> CodeOfAsync(Func<Task<string>> write)
    {
        try
        {
            return await write();
        }
        catch (AmazonS3Exception refused)
        {
            return refused.ErrorCode;
        }
    }

    private async Task<(string Upload, string ETag)> BeginAsync(string key)
    {
        var upload = (await S3.InitiateMultipartUploadAsync(Bucket, key, Cancelled)).UploadId;
        return (upload, (await PutPartAsync(key, upload, 1)).ETag);
    }

    private Task<UploadPartResponse> PutPartAsync(string key, string upload, int number)
        => S3.UploadPartAsync(
            new()
            {
                BucketName = Bucket,
                Key = key,
                UploadId = upload,
                PartNumber = number,
                InputStream = new MemoryStream("content"u8.ToArray()),
            },
            Cancelled);
}
