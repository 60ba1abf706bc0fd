using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>URLs that the AWS SDK signs, used by a client that knows nothing else.</summary>
public class PresignedTests(SharedDeployment shared) : S3Tests(shared)
{
    private static readonly HttpClient Http = new();

    [Theory]
    [InlineData("a")]
    [InlineData("dir/b c+d%&=ü 照片.jpg")]
    public async Task A_url_writes_reads_and_deletes(string key)
    {
        using var content = new StringContent("content");
        using var put = await Http.PutAsync(Sign(key, HttpVerb.PUT), content, Cancelled);
        using var got = await Http.GetAsync(Sign(key, HttpVerb.GET), Cancelled);
        using var deleted = await Http.DeleteAsync(Sign(key, HttpVerb.DELETE), Cancelled);
        using var gone = await Http.GetAsync(Sign(key, HttpVerb.GET), Cancelled);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (put.StatusCode, got.StatusCode));
        Assert.Equal("content", await got.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NotFound), (deleted.StatusCode, gone.StatusCode));
    }

    // Without TLS a client of HTTP/2 has to know beforehand; both versions share the port.
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Both_versions_of_http_are_spoken_without_tls(string version)
    {
        using var put = Ask(HttpMethod.Put, Sign("a", HttpVerb.PUT), version);
        put.Content = new ByteArrayContent(Bytes(300_000, 1));
        using var get = Ask(HttpMethod.Get, Sign("a", HttpVerb.GET), version);

        using var stored = await Http.SendAsync(put, Cancelled);
        using var got = await Http.SendAsync(get, Cancelled);

        Assert.Equal((HttpStatusCode.OK, Version.Parse(version)), (stored.StatusCode, stored.Version));
        Assert.Equal((HttpStatusCode.OK, Version.Parse(version)), (got.StatusCode, got.Version));
        Assert.Equal(Bytes(300_000, 1), await got.Content.ReadAsByteArrayAsync(Cancelled));

        static HttpRequestMessage Ask(HttpMethod method, Uri url, string version) => new(method, url)
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    [Fact]
    public async Task A_url_says_how_its_object_is_shown()
    {
        await PutAsync("a", "content");

        using var got = await Http.GetAsync(
            Sign("a", HttpVerb.GET, request => request.ResponseHeaderOverrides.ContentDisposition = "attachment; filename=\"b.txt\""), Cancelled);

        Assert.Equal("attachment; filename=\"b.txt\"", got.Content.Headers.ContentDisposition?.ToString());
    }

    [Fact]
    public async Task A_url_demands_the_type_that_it_was_signed_with()
    {
        var url = Sign("a", HttpVerb.PUT, request => request.ContentType = "image/jpeg");
        using var other = new StringContent("content");
        using var right = new ByteArrayContent([1]);
        right.Headers.ContentType = new("image/jpeg");

        using var refused = await Http.PutAsync(url, other, Cancelled);
        using var stored = await Http.PutAsync(url, right, Cancelled);

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.OK), (refused.StatusCode, stored.StatusCode));
        Assert.Equal("image/jpeg", (await S3.GetObjectMetadataAsync(Bucket, "a", Cancelled)).Headers.ContentType);
    }

    [Fact]
    public async Task A_part_is_sent_with_a_url()
    {
        var upload = (await S3.InitiateMultipartUploadAsync(Bucket, "a", Cancelled)).UploadId;
        using var content = new ByteArrayContent([1, 2, 3]);
        using var put = await Http.PutAsync(
            Sign("a", HttpVerb.PUT, request => (request.UploadId, request.PartNumber) = (upload, 1)), content, Cancelled);
        await S3.CompleteMultipartUploadAsync(
            new() { BucketName = Bucket, Key = "a", UploadId = upload, PartETags = [new(1, put.Headers.ETag!.Tag)] }, Cancelled);

        Assert.Equal([1, 2, 3], await GetAsync("a"));
    }

    private Uri Sign(string key, HttpVerb verb, Action<GetPreSignedUrlRequest>? change = null)
    {
        var request = new GetPreSignedUrlRequest
        {
            BucketName = Bucket,
            Key = key,
            Verb = verb,
            Protocol = Protocol.HTTP,
            Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(5),
        };
        change?.Invoke(request);
        return new Uri(S3.GetPreSignedURL(request));
    }
}
