using System.Net;
using System.Security.Cryptography;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>Objects written, read, copied and deleted through the AWS SDK.</summary>
public class ObjectTests(SharedDeployment shared) : S3Tests(shared)
{
    // Empty; in a row; just below and above one encrypted block; of several reads.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_535)]
    [InlineData(65_537)]
    [InlineData(3_000_001)]
    public async Task A_content_comes_back_as_it_went(int sizeBytes)
    {
        var content = Bytes(sizeBytes);

        var put = await S3.PutObjectAsync(
            new() { BucketName = Bucket, Key = "a", InputStream = new MemoryStream(content) }, Cancelled);
        var head = await S3.GetObjectMetadataAsync(Bucket, "a", Cancelled);

        // S3: the ETag of an object put in one piece is the MD5 of its content.
        Assert.Equal($"\"{Convert.ToHexStringLower(MD5.HashData(content))}\"", put.ETag);
        Assert.Equal((put.ETag, (long)sizeBytes), (head.ETag, head.ContentLength));
        Assert.Equal(content, await GetAsync("a"));
    }

    [Fact]
    public async Task Headers_and_metadata_are_kept()
    {
        var request = new PutObjectRequest { BucketName = Bucket, Key = "a", ContentBody = "content", ContentType = "text/x-note" };
        request.Headers.CacheControl = "max-age=60";
        request.Headers.ContentDisposition = "attachment; filename=\"a.txt\"";
        request.Headers.ContentEncoding = "identity";
        request.Headers["Content-Language"] = "sv";
        request.Headers.Expires = new DateTime(2031, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        request.Metadata["taken-by"] = "Anna";
        request.Metadata["Mixed-Case"] = "a, b";
        await S3.PutObjectAsync(request, Cancelled);

        using var found = await S3.GetObjectAsync(Bucket, "a", Cancelled);

        Assert.Equal("text/x-note", found.Headers.ContentType);
        Assert.Equal("max-age=60", found.Headers.CacheControl);
        Assert.Equal("attachment; filename=\"a.txt\"", found.Headers.ContentDisposition);
        Assert.Equal("identity", found.Headers.ContentEncoding);
        Assert.Equal("sv", found.Headers["Content-Language"]);
        Assert.Equal("Thu, 02 Jan 2031 03:04:05 GMT", found.ExpiresString);
        Assert.Equal("Anna", found.Metadata["taken-by"]);
        Assert.Equal("a, b", found.Metadata["mixed-case"]);
    }

    [Theory]
    [InlineData("bytes=0-0", 0, 0)]
    [InlineData("bytes=5-9", 5, 9)]
    [InlineData("bytes=99990-", 99_990, 99_999)]
    [InlineData("bytes=-7", 99_993, 99_999)]
    [InlineData("bytes=65530-65545", 65_530, 65_545)]
    [InlineData("bytes=99990-200000", 99_990, 99_999)]
    public async Task A_range_is_read(string range, int first, int last)
    {
        var content = Bytes(100_000);
        await S3.PutObjectAsync(new() { BucketName = Bucket, Key = "a", InputStream = new MemoryStream(content) }, Cancelled);
        var request = new GetObjectRequest { BucketName = Bucket, Key = "a", ByteRange = new ByteRange(range) };

        using var found = await S3.GetObjectAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.PartialContent, found.HttpStatusCode);
        Assert.Equal($"bytes {first}-{last}/100000", found.ContentRange);
        Assert.Equal(content[first..(last + 1)], await ReadAsync(found));
    }

    [Fact]
    public async Task A_range_beyond_the_end_is_refused()
    {
        await PutAsync("a", "0123456789");

        await RefusedAsync(HttpStatusCode.RequestedRangeNotSatisfiable, "InvalidRange",
            () => GetAsync("a", get => get.ByteRange = new ByteRange("bytes=10-")));
    }

    [Fact]
    public async Task A_presentation_can_be_asked_for()
    {
        await PutAsync("a", "content");

        using var found = await S3.GetObjectAsync(
            new()
            {
                BucketName = Bucket,
                Key = "a",
                ResponseHeaderOverrides = new() { ContentType = "image/jpeg", ContentDisposition = "attachment" },
            },
            Cancelled);

        Assert.Equal(("image/jpeg", "attachment"), (found.Headers.ContentType, found.Headers.ContentDisposition));
    }

    [Fact]
    public async Task What_is_deleted_is_gone_and_deleting_it_again_succeeds()
    {
        await PutAsync("a", "content");

        await S3.DeleteObjectAsync(Bucket, "a", Cancelled);
        var again = await S3.DeleteObjectAsync(Bucket, "a", Cancelled);

        Assert.Equal(HttpStatusCode.NoContent, again.HttpStatusCode);
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchKey", () => GetAsync("a"));
        await RefusedAsync(HttpStatusCode.NotFound, null, () => S3.GetObjectMetadataAsync(Bucket, "a", Cancelled));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Many_objects_are_deleted_at_once(bool quiet)
    {
        var keys = Enumerable.Range(0, 20).Select(number => $"dir/{number} ü&<>").ToList();
        await Task.WhenAll(keys.Select(key => PutAsync(key, key)));
        await PutAsync("stays", "content");

        var deleted = await S3.DeleteObjectsAsync(
            new()
            {
                BucketName = Bucket,
                Quiet = quiet,
                Objects = [.. keys.Append("was never there").Select(key => new KeyVersion { Key = key })],
            },
            Cancelled);

        Assert.Equal(quiet ? 0 : 21, deleted.DeletedObjects?.Count ?? 0);
        Assert.Equal(["stays"], await KeysAsync());
    }

    // A key with a leading slash is with the raw requests: this SDK signs two slashes there and sends one.
    [Theory]
    [InlineData("a b+c%20&=?#/ü")]
    [InlineData("照片/2026/猫.jpg")]
    [InlineData("😀")]
    [InlineData("../../etc/passwd")]
    [InlineData("./.././a")]
    [InlineData("a//b///c")]
    [InlineData("trailing/")]
    [InlineData("back\\slash")]
    [InlineData("quote'\"<>&;")]
    [InlineData("~!@$^*()[]{}|`,:")]
    [InlineData("e\u0301 and \u00e9")]
    [InlineData("con")]
    [InlineData(".")]
    public async Task Any_key_names_its_own_object(string key)
    {
        await PutAsync(key, key);
        await PutAsync("other", "other");

        Assert.Equal(key, await GetTextAsync(key));
        Assert.Equal(new[] { key, "other" }.Order(StringComparer.Ordinal), (await KeysAsync()).Order(StringComparer.Ordinal));
        await S3.DeleteObjectAsync(Bucket, key, Cancelled);
        Assert.Equal(["other"], await KeysAsync());
    }

    [Fact]
    public async Task A_key_has_1024_bytes_and_not_one_more()
    {
        var longest = new string('ü', 512);

        await PutAsync(longest, "content");

        Assert.Equal("content", await GetTextAsync(longest));
        await RefusedAsync(HttpStatusCode.BadRequest, "KeyTooLongError", () => PutAsync(longest + "a", "content"));
    }

    [Fact]
    public async Task A_copy_keeps_or_replaces_metadata()
    {
        await PutAsync("source ü", "content", put =>
        {
            put.ContentType = "text/x-note";
            put.Metadata["by"] = "Anna";
        });

        var copied = await S3.CopyObjectAsync(Bucket, "source ü", Bucket, "kept", Cancelled);
        var request = new CopyObjectRequest
        {
            SourceBucket = Bucket,
            SourceKey = "source ü",
            DestinationBucket = Bucket,
            DestinationKey = "replaced",
            MetadataDirective = S3MetadataDirective.REPLACE,
            ContentType = "text/plain",
        };
        request.Metadata["by"] = "Berta";
        await S3.CopyObjectAsync(request, Cancelled);

        var kept = await S3.GetObjectMetadataAsync(Bucket, "kept", Cancelled);
        var replaced = await S3.GetObjectMetadataAsync(Bucket, "replaced", Cancelled);
        Assert.Equal($"\"{Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes("content")))}\"", copied.ETag);
        Assert.Equal(("text/x-note", "Anna"), (kept.Headers.ContentType, kept.Metadata["by"]));
        Assert.Equal(("text/plain", "Berta"), (replaced.Headers.ContentType, replaced.Metadata["by"]));
        Assert.Equal("content", await GetTextAsync("kept"));
    }

    [Fact]
    public async Task A_copy_outlives_its_source()
    {
        var content = Bytes(200_000);
        await S3.PutObjectAsync(new() { BucketName = Bucket, Key = "source", InputStream = new MemoryStream(content) }, Cancelled);
        await S3.PutBucketAsync("other", Cancelled);
        await S3.CopyObjectAsync(Bucket, "source", "other", "copy", Cancelled);
        await S3.DeleteObjectAsync(Bucket, "source", Cancelled);

        Assert.Equal(content, await GetAsync("copy", bucket: "other"));
    }

    [Fact]
    public async Task A_copy_onto_itself_must_change_something()
    {
        await PutAsync("a", "content");

        await RefusedAsync(HttpStatusCode.BadRequest, "InvalidRequest", () => S3.CopyObjectAsync(Bucket, "a", Bucket, "a", Cancelled));
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchKey", () => S3.CopyObjectAsync(Bucket, "b", Bucket, "a", Cancelled));
    }

    [Fact]
    public async Task Tags_of_an_object_are_kept_replaced_and_deleted()
    {
        await PutAsync("a", "content", put => put.TagSet = [new Tag { Key = "trip", Value = "Lund + Malmö" }]);
        Assert.Equal([("trip", "Lund + Malmö")], await TagsAsync());

        await S3.PutObjectTaggingAsync(
            new() { BucketName = Bucket, Key = "a", Tagging = new() { TagSet = [new() { Key = "x", Value = "1" }, new() { Key = "y", Value = "" }] } },
            Cancelled);
        Assert.Equal([("x", "1"), ("y", "")], (await TagsAsync()).Order());
        Assert.Equal(2, (await S3.GetObjectMetadataAsync(Bucket, "a", Cancelled)).TagsCount);
        await S3.DeleteObjectTaggingAsync(new() { BucketName = Bucket, Key = "a" }, Cancelled);

        Assert.Empty(await TagsAsync());
        Assert.Equal("content", await GetTextAsync("a"));
    }

    [Fact]
    public async Task Attributes_of_an_object_are_told()
    {
        var put = await PutAsync("a", "123456789");

        var told = await S3.GetObjectAttributesAsync(
            new() { BucketName = Bucket, Key = "a", ObjectAttributes = [ObjectAttributes.ETag, ObjectAttributes.ObjectSize] },
            Cancelled);

        Assert.Equal((put.ETag.Trim('"'), 9L), (told.ETag, told.ObjectSize));
    }

    [Fact]
    public async Task The_last_of_many_writes_at_once_is_what_all_read()
    {
        Relay.Transcript.Forget();
        await Task.WhenAll(Enumerable.Range(0, 24).Select(number => PutAsync("a", $"content {number}")));

        var first = await GetTextAsync("a");

        Assert.Matches("^content [0-9]+$", first);
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => GetTextAsync("a"))), text => Assert.Equal(first, text));
    }

    private async Task<List<string>> KeysAsync()
        => [.. (await S3.ListObjectsV2Async(new() { BucketName = Bucket }, Cancelled)).S3Objects.Select(each => each.Key)];

    private async Task<List<(string, string)>> TagsAsync()
        => [.. ((await S3.GetObjectTaggingAsync(new() { BucketName = Bucket, Key = "a" }, Cancelled)).Tagging ?? [])
            .Select(tag => (tag.Key, tag.Value))];
}
