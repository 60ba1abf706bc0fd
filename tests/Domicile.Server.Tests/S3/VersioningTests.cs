using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>Versions, delete markers and their listing, through the AWS SDK (Amazon S3 User Guide, "Using versioning").</summary>
public class VersioningTests(SharedDeployment shared) : S3Tests(shared)
{
    [Fact]
    public async Task Versioning_is_off_until_it_is_set()
    {
        Assert.Equal(VersionStatus.Off, (await S3.GetBucketVersioningAsync(Bucket, Cancelled)).VersioningConfig.Status);
        await SetAsync(VersionStatus.Enabled);
        Assert.Equal(VersionStatus.Enabled, (await S3.GetBucketVersioningAsync(Bucket, Cancelled)).VersioningConfig.Status);
        await SetAsync(VersionStatus.Suspended);
        Assert.Equal(VersionStatus.Suspended, (await S3.GetBucketVersioningAsync(Bucket, Cancelled)).VersioningConfig.Status);
    }

    [Fact]
    public async Task Each_version_stays_readable_until_it_is_deleted()
    {
        await SetAsync(VersionStatus.Enabled);
        var first = (await PutAsync("a", "first")).VersionId;
        var second = (await PutAsync("a", "second")).VersionId;

        Assert.NotEqual(first, second);
        Assert.Equal("second", await GetTextAsync("a"));
        Assert.Equal("first", await GetTextAsync("a", get => get.VersionId = first));
        await S3.DeleteObjectAsync(new() { BucketName = Bucket, Key = "a", VersionId = second }, Cancelled);
        Assert.Equal("first", await GetTextAsync("a"));
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchVersion", () => GetAsync("a", get => get.VersionId = second));
    }

    [Fact]
    public async Task A_delete_marker_hides_the_object_and_can_be_deleted()
    {
        await SetAsync(VersionStatus.Enabled);
        await PutAsync("a", "content");

        var deleted = await S3.DeleteObjectAsync(Bucket, "a", Cancelled);
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchKey", () => GetAsync("a"));
        await RefusedAsync(HttpStatusCode.MethodNotAllowed, "MethodNotAllowed", () => GetAsync("a", get => get.VersionId = deleted.VersionId));
        Assert.Empty((await S3.ListObjectsV2Async(new() { BucketName = Bucket }, Cancelled)).S3Objects ?? []);
        await RefusedAsync(HttpStatusCode.Conflict, "BucketNotEmpty", () => S3.DeleteBucketAsync(Bucket, Cancelled));
        var undone = await S3.DeleteObjectAsync(new() { BucketName = Bucket, Key = "a", VersionId = deleted.VersionId }, Cancelled);

        Assert.Equal(("true", "true"), (deleted.DeleteMarker, undone.DeleteMarker));
        Assert.Equal("content", await GetTextAsync("a"));
    }

    [Fact]
    public async Task What_was_there_before_versioning_is_the_version_null()
    {
        await PutAsync("a", "before");
        await SetAsync(VersionStatus.Enabled);
        await PutAsync("a", "after");

        Assert.Equal("before", await GetTextAsync("a", get => get.VersionId = "null"));
        await SetAsync(VersionStatus.Suspended);
        await PutAsync("a", "suspended");

        Assert.Equal("suspended", await GetTextAsync("a", get => get.VersionId = "null"));
        Assert.Equal(2, (await ListAsync()).Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public async Task Versions_are_listed_newest_first_page_by_page(int pageSize)
    {
        await SetAsync(VersionStatus.Enabled);
        var expected = new List<(string, string, bool, bool)>();
        foreach (var key in (string[])["a", "b ü", "c/d"])
        {
            var old = (await PutAsync(key, "old")).VersionId;
            var next = (await PutAsync(key, "new")).VersionId;
            var marker = (await S3.DeleteObjectAsync(Bucket, key, Cancelled)).VersionId;
            expected.AddRange([(key, marker, true, true), (key, next, false, false), (key, old, false, false)]);
        }

        Assert.Equal(expected, await ListAsync(pageSize));
    }

    [Fact]
    public async Task Versions_are_grouped_like_keys()
    {
        await SetAsync(VersionStatus.Enabled);
        await PutAsync("a/1", "1");
        await PutAsync("a/2", "2");
        await PutAsync("b", "3");

        var listed = await S3.ListVersionsAsync(new ListVersionsRequest { BucketName = Bucket, Delimiter = "/" }, Cancelled);

        Assert.Equal(["b"], listed.Versions.Select(version => version.Key));
        Assert.Equal(["a/"], listed.CommonPrefixes);
    }

    [Fact]
    public async Task Versions_are_deleted_many_at_once()
    {
        await SetAsync(VersionStatus.Enabled);
        var first = (await PutAsync("a", "first")).VersionId;
        await PutAsync("a", "second");
        await PutAsync("b", "content");

        var deleted = await S3.DeleteObjectsAsync(
            new() { BucketName = Bucket, Objects = [new() { Key = "a", VersionId = first }, new() { Key = "b" }] }, Cancelled);

        Assert.Contains(deleted.DeletedObjects, each => each.Key == "a" && each.VersionId == first && each.DeleteMarker != true);
        Assert.Contains(deleted.DeletedObjects, each => each.Key == "b" && each.DeleteMarker == true && each.DeleteMarkerVersionId is not null);
        Assert.Equal(["a", "b", "b"], (await ListAsync()).Select(each => each.Key));
    }

    [Fact]
    public async Task An_old_version_is_copied_back()
    {
        await SetAsync(VersionStatus.Enabled);
        var first = (await PutAsync("a", "first")).VersionId;
        await PutAsync("a", "second");

        await S3.CopyObjectAsync(
            new() { SourceBucket = Bucket, SourceKey = "a", SourceVersionId = first, DestinationBucket = Bucket, DestinationKey = "a" }, Cancelled);

        Assert.Equal("first", await GetTextAsync("a"));
        Assert.Equal(3, (await ListAsync()).Count);
    }

    [Fact]
    public async Task A_version_that_never_was_is_refused()
    {
        await SetAsync(VersionStatus.Enabled);
        await PutAsync("a", "content");

        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchVersion", () => GetAsync("a", get => get.VersionId = "../../x"));
    }

    private Task<PutBucketVersioningResponse> SetAsync(VersionStatus status)
        => S3.PutBucketVersioningAsync(new() { BucketName = Bucket, VersioningConfig = new() { Status = status } }, Cancelled);

    private async Task<List<(string Key, string Version, bool IsMarker, bool IsLatest)>> ListAsync(int pageSize = 1000)
    {
        var request = new ListVersionsRequest { BucketName = Bucket, MaxKeys = pageSize };
        var all = new List<(string, string, bool, bool)>();
        ListVersionsResponse page;
        do
        {
            page = await S3.ListVersionsAsync(request, Cancelled);
            Assert.InRange(page.Versions.Count, 1, pageSize);
            all.AddRange(page.Versions.Select(each => (each.Key, each.VersionId, each.IsDeleteMarker == true, each.IsLatest == true)));
            (request.KeyMarker, request.VersionIdMarker) = (page.NextKeyMarker, page.NextVersionIdMarker);
        }
        while (page.IsTruncated == true);

        return all;
    }
}
