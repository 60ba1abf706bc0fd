using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.BadInput;

/// <summary>Odd targets: keys that look like paths, percent codes, names and queries that can't be.</summary>
public class TargetTests(SharedDeployment shared) : BadInputTests(shared)
{
    // S3's keys are names, not paths: every one of these is stored and read under exactly this name.
    [Theory]
    [InlineData("/../../../../etc/passwd", "/../../../../etc/passwd")]
    [InlineData("/..", "/..")]
    [InlineData("/", "/")]
    [InlineData("//", "//")]
    [InlineData("..%2F..%2Fetc%2Fpasswd", "../../etc/passwd")]
    [InlineData("%2e%2e%2f", "../")]
    [InlineData("a%252F", "a%2F")]
    [InlineData("%25", "%")]
    [InlineData("a%3Fb%23c", "a?b#c")]
    [InlineData("a%5Cb", "a\\b")]
    [InlineData("a%20b", "a b")]
    [InlineData("a%2Bb", "a+b")]
    [InlineData("%F0%9F%98%80", "😀")]
    [InlineData("%EF%BF%BD", "\uFFFD")]
    [InlineData("%EF%BB%BFa", "\uFEFFa")]
    [InlineData("%7F", "\u007F")]
    [InlineData("%C2%85", "\u0085")]
    [InlineData("%E2%80%AE", "\u202E")]
    public async Task A_key_is_a_name_and_no_path(string encoded, string key)
    {
        var target = $"/{Bucket}/{encoded}";

        Assert.Equal(200, (await AskAsync(Request("PUT", target, key))).Status);
        var read = await AskAsync(Request("GET", target));
        var listed = await S3.ListObjectsV2Async(new() { BucketName = Bucket, Encoding = Amazon.S3.EncodingType.Url }, Cancelled);

        Assert.EndsWith("\r\n\r\n" + key, read.Text, StringComparison.Ordinal);
        var shown = Assert.Single(listed.S3Objects).Key;
        Assert.Contains(key, new List<string> { shown, Uri.UnescapeDataString(shown) });
        Assert.Empty(Directory.EnumerateFiles(Deployment.Directory, "passwd", SearchOption.AllDirectories));
    }

    // XML 1.0 has no such characters; with encoding-type=url they travel.
    [Theory]
    [InlineData("%01")]
    [InlineData("a%0Ab")]
    [InlineData("a%0D%0ASet-Cookie:%20x")]
    [InlineData("%1B%5B2J")]
    public async Task A_key_may_hold_control_characters(string encoded)
    {
        var target = $"/{Bucket}/{encoded}";

        Assert.Equal(200, (await AskAsync(Request("PUT", target, "content"))).Status);
        Assert.EndsWith("\r\n\r\ncontent", (await AskAsync(Request("GET", target))).Text, StringComparison.Ordinal);
        var listed = await AskAsync(Request("GET", $"/{Bucket}?encoding-type=url&list-type=2"));
        var missing = await AskAsync(Request("GET", $"{target}x"));

        Assert.Contains($"<Key>{encoded}</Key>", listed.Text.Replace("%3A", ":", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal((404, "NoSuchKey"), (missing.Status, missing.Code));
        Assert.DoesNotContain("\nSet-Cookie", missing.Text, StringComparison.OrdinalIgnoreCase);
        await ServesAsync();
        Assert.Equal(204, (await AskAsync(Request("DELETE", target))).Status);
        await NothingIsStoredAsync();
    }

    [Theory]
    [InlineData("%")]
    [InlineData("a%2")]
    [InlineData("%zz")]
    [InlineData("%C3")]
    [InlineData("%C0%AF")]
    [InlineData("%ED%A0%80")]
    [InlineData("%F5%80%80%80")]
    [InlineData("a%00b")]
    public async Task A_target_that_is_no_utf8_is_refused(string encoded)
    {
        var answer = await AskAsync(Request("PUT", $"/{Bucket}/{encoded}", "content"));

        Assert.Equal(400, answer.Status);
        // A null byte is refused before S3 hears of it.
        Assert.Equal(encoded == "a%00b" ? "" : "InvalidURI", answer.Code);
        await NothingIsStoredAsync();
    }

    [Theory]
    [InlineData(1024, 200, "")]
    [InlineData(1025, 400, "KeyTooLongError")]
    [InlineData(8000, 400, "KeyTooLongError")]
    public async Task A_key_has_at_most_1024_bytes(int lengthBytes, int status, string code)
    {
        var answer = await AskAsync(Request("PUT", $"/{Bucket}/{new string('k', lengthBytes)}", "content"));

        Assert.Equal((status, code), (answer.Status, answer.Code));
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("UPPER")]
    [InlineData("under_score")]
    [InlineData("a..b")]
    [InlineData("-ab")]
    [InlineData("192.168.1.1")]
    [InlineData("..")]
    [InlineData("%2e%2e")]
    [InlineData("xn--bucket")]
    public async Task A_bucket_has_a_name_that_may_be(string name)
        => await RefusedAsync(Request("PUT", $"/{name}"), 400, "InvalidBucketName");

    // S3 ignores query parameters that it doesn't know; they are signed all the same.
    [Theory]
    [InlineData("x-id=PutObject")]
    [InlineData("unknown=%F0%9F%98%80")]
    [InlineData("a=1&a=2&b")]
    public async Task A_query_that_nobody_knows_is_ignored(string query)
        => Assert.Equal(200, (await AskAsync(Request("PUT", $"/{Bucket}/a?{query}", "content"))).Status);

    // Parts of S3 that are not built must not do something else instead.
    [Theory]
    [InlineData("PUT", "/photos?policy")]
    [InlineData("PUT", "/photos?cors")]
    [InlineData("PUT", "/photos?lifecycle")]
    [InlineData("PUT", "/photos/a?retention")]
    [InlineData("POST", "/photos/a?restore")]
    [InlineData("POST", "/photos/a?select&select-type=2")]
    [InlineData("GET", "/photos/a?torrent")]
    public async Task What_is_not_built_says_so(string method, string target)
        => await RefusedAsync(Request(method, target, "<x/>"), 501, "NotImplemented");

    [Theory]
    [InlineData("PATCH", "/photos/a", 405)]
    [InlineData("DELETE", "/", 405)]
    [InlineData("PUT", "/", 405)]
    [InlineData("BREW", "/photos", 405)]
    [InlineData("TRACE", "/photos/a", 405)]
    public async Task A_method_that_is_none_is_refused(string method, string target, int status)
        => await RefusedAsync(Request(method, target), status, "MethodNotAllowed");

    [Theory]
    [InlineData("/photos?list-type=2&max-keys=-1")]
    [InlineData("/photos?list-type=2&max-keys=99999999999999999999")]
    [InlineData("/photos?list-type=2&max-keys=ten")]
    [InlineData("/photos?encoding-type=base64")]
    [InlineData("/photos?uploads&max-uploads=x")]
    [InlineData("/photos?versions&version-id-marker=x")]
    [InlineData("/photos?list-type=2&continuation-token=%00")]
    [InlineData("/photos?list-type=2&continuation-token=1%2F%2F")]
    [InlineData("/photos/a?partNumber=0")]
    [InlineData("/photos/a?partNumber=10001")]
    [InlineData("/photos/a?partNumber=x")]
    public async Task A_listing_or_reading_of_senseless_numbers_is_refused(string target)
    {
        await PutAsync("a", "content");

        var answer = await AskAsync(Request("GET", target));

        Assert.Equal(400, answer.Status);
        Assert.Contains(answer.Code, new List<string> { "InvalidArgument", "InvalidURI" });
    }

    [Fact]
    public async Task A_target_in_absolute_form_is_read_or_refused()
    {
        var request = Request("GET", $"/{Bucket}?location");

        var answer = await AskAsync(request with
        {
            ChangeHead = head => head.Replace("GET /", $"GET http://{Endpoint.Authority}/", StringComparison.Ordinal),
        });

        Assert.Equal(200, answer.Status);
    }

    [Theory]
    [InlineData("photos/../photos/a")]
    [InlineData("/photos/a")]
    [InlineData("photos/")]
    [InlineData("photos")]
    [InlineData("%zz/a")]
    [InlineData("photos/a?versionId=")]
    [InlineData("photos/a?versionId=../../x")]
    [InlineData("PHOTOS/a")]
    [InlineData("")]
    public async Task A_copy_source_that_names_nothing_is_refused(string source)
    {
        var answer = await AskAsync(Request("PUT", $"/{Bucket}/copy") with { Headers = [("x-amz-copy-source", source)] });

        Assert.InRange(answer.Status, 400, 404);
        Assert.NotEmpty(answer.Code);
        await NothingIsStoredAsync();
    }
}
