using System.Net;
using Amazon.S3.Model;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>Service and bucket operations, through the AWS SDK.</summary>
public class BucketTests(SharedDeployment shared) : S3Tests(shared)
{
    [Fact]
    public async Task Buckets_are_listed_in_order_of_their_names()
    {
        await S3.PutBucketAsync("zebra", Cancelled);
        await S3.PutBucketAsync("album", Cancelled);

        var listed = await S3.ListBucketsAsync(Cancelled);

        Assert.Equal(["album", Bucket, "zebra"], listed.Buckets.Select(bucket => bucket.BucketName));
        Assert.All(listed.Buckets, bucket => Assert.NotNull(bucket.CreationDate));
        Assert.Equal(Account.Account, listed.Owner.Id);
    }

    [Fact]
    public async Task Buckets_are_listed_in_pages()
    {
        foreach (var name in (string[])["aaa", "bbb", "ccc"])
        {
            await S3.PutBucketAsync(name, Cancelled);
        }

        var first = await S3.ListBucketsAsync(new ListBucketsRequest { MaxBuckets = 2 }, Cancelled);
        var second = await S3.ListBucketsAsync(
            new ListBucketsRequest { MaxBuckets = 2, ContinuationToken = first.ContinuationToken }, Cancelled);

        Assert.Equal(["aaa", "bbb"], first.Buckets.Select(bucket => bucket.BucketName));
        Assert.Equal(["ccc", Bucket], second.Buckets.Select(bucket => bucket.BucketName));
        Assert.Null(second.ContinuationToken);
    }

    [Fact]
    public async Task A_bucket_is_in_the_region_where_its_account_is()
    {
        var location = await S3.GetBucketLocationAsync(Bucket, Cancelled);
        var head = await S3.HeadBucketAsync(new HeadBucketRequest { BucketName = Bucket }, Cancelled);

        Assert.Equal("singapore", location.Location.Value);
        Assert.Equal("singapore", head.BucketRegion);
    }

    [Fact]
    public async Task A_bucket_that_is_not_there_is_not_found()
    {
        await RefusedAsync(HttpStatusCode.NotFound, null, () => S3.HeadBucketAsync(new() { BucketName = "nothing" }, Cancelled));
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchBucket", () => S3.ListObjectsV2Async(new() { BucketName = "nothing" }, Cancelled));
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchBucket", () => S3.DeleteBucketAsync("nothing", Cancelled));
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchBucket", () => S3.PutObjectAsync(
            new() { BucketName = "nothing", Key = "a", ContentBody = "a" }, Cancelled));
    }

    [Fact]
    public async Task A_bucket_is_made_once()
        => await RefusedAsync(HttpStatusCode.Conflict, "BucketAlreadyOwnedByYou", () => S3.PutBucketAsync(Bucket, Cancelled));

    [Fact]
    public async Task Only_an_empty_bucket_can_be_deleted()
    {
        await PutAsync("a", "content");

        await RefusedAsync(HttpStatusCode.Conflict, "BucketNotEmpty", () => S3.DeleteBucketAsync(Bucket, Cancelled));
        await S3.DeleteObjectAsync(Bucket, "a", Cancelled);
        await S3.DeleteBucketAsync(Bucket, Cancelled);

        Assert.Empty((await S3.ListBucketsAsync(Cancelled)).Buckets ?? []);
    }

    [Fact]
    public async Task Tags_of_a_bucket_are_kept_replaced_and_deleted()
    {
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchTagSet", () => TagsAsync());

        await S3.PutBucketTaggingAsync(Bucket, [new Tag { Key = "category", Value = "photos" }, new Tag { Key = "ü", Value = "照片" }], Cancelled);
        Assert.Equal([("category", "photos"), ("ü", "照片")], (await TagsAsync()).Order());
        await S3.PutBucketTaggingAsync(Bucket, [new Tag { Key = "other", Value = "" }], Cancelled);
        Assert.Equal([("other", "")], await TagsAsync());
        await S3.DeleteBucketTaggingAsync(Bucket, Cancelled);

        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchTagSet", () => TagsAsync());
    }

    [Fact]
    public async Task An_account_sees_nothing_of_another()
    {
        await PutAsync("a", "mine");
        var stranger = await AddAccountAsync();
        using var theirs = Deployment.OpenS3(stranger);

        Assert.Empty((await theirs.ListBucketsAsync(Cancelled)).Buckets ?? []);
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchBucket", () => theirs.GetObjectAsync(Bucket, "a", Cancelled));
        await theirs.PutBucketAsync(Bucket, Cancelled);
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchKey", () => theirs.GetObjectAsync(Bucket, "a", Cancelled));
    }

    private async Task<List<(string, string)>> TagsAsync()
        => [.. (await S3.GetBucketTaggingAsync(new GetBucketTaggingRequest { BucketName = Bucket }, Cancelled))
            .TagSet.Select(tag => (tag.Key, tag.Value))];
}
