using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>ListObjects, both versions, through the AWS SDK. S3 orders keys by their UTF-8 bytes.</summary>
public class ListingTests(SharedDeployment shared) : S3Tests(shared)
{
    // U+FF21 comes before U+1F600 in UTF-8 and after it in UTF-16.
    private static readonly string[] InOrder =
        ["!", "a", "a/", "a/1", "a/2/x", "a/2/y", "a0", "b c+d%", "b/1", "e\u0301", "z<&>\"'", "\u00e9", "照片/猫", "\uFF21", "😀"];

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Task.WhenAll(InOrder.Reverse().Select(key => PutAsync(key, key)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(1000)]
    public async Task All_keys_are_listed_in_order_page_by_page(int pageSize)
    {
        var request = new ListObjectsV2Request { BucketName = Bucket, MaxKeys = pageSize };
        var keys = new List<string>();
        ListObjectsV2Response page;
        do
        {
            page = await S3.ListObjectsV2Async(request, Cancelled);
            Assert.InRange(page.S3Objects.Count, 1, pageSize);
            Assert.Equal(page.S3Objects.Count, page.KeyCount);
            keys.AddRange(page.S3Objects.Select(each => each.Key));
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);

        Assert.Equal(InOrder, keys);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(1000)]
    public async Task Version_one_lists_the_same(int pageSize)
    {
        var request = new ListObjectsRequest { BucketName = Bucket, MaxKeys = pageSize };
        var keys = new List<string>();
        ListObjectsResponse page;
        do
        {
            page = await S3.ListObjectsAsync(request, Cancelled);
            keys.AddRange(page.S3Objects.Select(each => each.Key));
            // S3: NextMarker comes only with a delimiter; without one the last key is the next marker.
            request.Marker = page.NextMarker ?? page.S3Objects[^1].Key;
        }
        while (page.IsTruncated == true);

        Assert.Equal(InOrder, keys);
    }

    [Theory]
    [InlineData("", "/", new[] { "!", "a", "a0", "b c+d%", "e\u0301", "z<&>\"'", "\u00e9", "\uFF21", "😀" }, new[] { "a/", "b/", "照片/" })]
    [InlineData("a", "/", new[] { "a", "a0" }, new[] { "a/" })]
    [InlineData("a/", "/", new[] { "a/", "a/1" }, new[] { "a/2/" })]
    [InlineData("a/2", "/", new string[0], new[] { "a/2/" })]
    [InlineData("照", "", new[] { "照片/猫" }, new string[0])]
    [InlineData("b c", "+", new string[0], new[] { "b c+" })]
    [InlineData("z", "&>", new string[0], new[] { "z<&>" })]
    [InlineData("nothing", "/", new string[0], new string[0])]
    public async Task Keys_are_grouped_by_prefix_and_delimiter(string prefix, string delimiter, string[] keys, string[] prefixes)
    {
        foreach (var encoding in (EncodingType?[])[null, EncodingType.Url])
        {
            var listed = await S3.ListObjectsV2Async(
                new()
                {
                    BucketName = Bucket,
                    Prefix = prefix,
                    Delimiter = delimiter.Length == 0 ? null : delimiter,
                    Encoding = encoding,
                },
                Cancelled);

            Assert.Equal(keys, (listed.S3Objects ?? []).Select(each => Shown(each.Key, encoding)));
            Assert.Equal(prefixes, (listed.CommonPrefixes ?? []).Select(each => Shown(each, encoding)));
        }
    }

    [Fact]
    public async Task Groups_are_paged_like_keys_and_none_comes_twice()
    {
        var request = new ListObjectsV2Request { BucketName = Bucket, Delimiter = "/", MaxKeys = 2 };
        var all = new List<string>();
        ListObjectsV2Response page;
        do
        {
            page = await S3.ListObjectsV2Async(request, Cancelled);
            all.AddRange((page.S3Objects ?? []).Select(each => each.Key));
            all.AddRange(page.CommonPrefixes ?? []);
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);

        Assert.Equal(12, all.Count);
        Assert.Equal(12, all.Distinct().Count());
    }

    [Fact]
    public async Task A_listing_starts_after_a_key()
    {
        var listed = await S3.ListObjectsV2Async(new() { BucketName = Bucket, StartAfter = "照片" }, Cancelled);

        Assert.Equal(["照片/猫", "\uFF21", "😀"], listed.S3Objects.Select(each => each.Key));
    }

    [Fact]
    public async Task A_listing_says_size_etag_and_time()
    {
        var put = await PutAsync("a", "123456789");

        var listed = (await S3.ListObjectsV2Async(new() { BucketName = Bucket, Prefix = "a", MaxKeys = 1, FetchOwner = true }, Cancelled))
            .S3Objects.Single();

        Assert.Equal((put.ETag, 9L, Account.Account), (listed.ETag, listed.Size, listed.Owner.Id));
        Assert.InRange(TimeProvider.System.GetUtcNow() - listed.LastModified!.Value, TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task No_keys_are_an_empty_page()
    {
        var listed = await S3.ListObjectsV2Async(new() { BucketName = Bucket, MaxKeys = 0 }, Cancelled);

        Assert.Equal((0, false), (listed.S3Objects?.Count ?? 0, listed.IsTruncated));
    }

    [Fact]
    public async Task A_token_that_was_never_given_is_refused()
        => await RefusedAsync(HttpStatusCode.BadRequest, "InvalidArgument", () => S3.ListObjectsV2Async(
            new() { BucketName = Bucket, ContinuationToken = "!!" }, Cancelled));

    // The SDK decodes what it asked for by itself; either way the key must be the key.
    private static string Shown(string text, EncodingType? encoding)
        => encoding is null || InOrder.Any(key => key.StartsWith(text, StringComparison.Ordinal)) ? text : Uri.UnescapeDataString(text);
}
