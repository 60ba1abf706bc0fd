using System.Net;
using Amazon.S3;
using Domicile.Control;
using Domicile.Server.Tests.BadInput;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>A deployment whose listeners are https: control and one region.</summary>
public sealed class TlsDeployment : IAsyncLifetime
{
    internal LiveDeployment Live { get; private set; } = null!;

    public async ValueTask InitializeAsync()
        => Live = await LiveDeployment.StartAsync(new DeploymentSetup { Regions = [DeploymentSetup.Singapore], Tls = true });

    public ValueTask DisposeAsync() => Live.DisposeAsync();
}

/// <summary>S3 over TLS, HTTP/1.1 and HTTP/2, by clients that trust the deployment's authority and by others.</summary>
public sealed class TlsTests(TlsDeployment tls) : IClassFixture<TlsDeployment>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_aws_sdk_stores_and_reads_over_tls()
    {
        var (_, s3) = await OpenAsync();
        using (s3)
        {
            var content = S3Tests.Bytes(3_000_000);
            await s3.PutObjectAsync(new() { BucketName = "photos", Key = "a", InputStream = new MemoryStream(content) }, Cancelled);
            using var found = await s3.GetObjectAsync("photos", "a", Cancelled);

            Assert.Equal(content, await S3Tests.ReadAsync(found));
        }
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Both_versions_of_http_are_spoken(string version)
    {
        var (account, s3) = await OpenAsync();
        using (s3)
        {
            await s3.PutObjectAsync(new() { BucketName = "photos", Key = "a b", ContentBody = "content" }, Cancelled);
        }

        var endpoint = tls.Live.EndpointOf("singapore");
        var target = new RawRequest(account, endpoint, "GET", "/photos/a%20b").Presign(60);
        using var http = tls.Live.OpenHttp();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(endpoint, target))
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await http.SendAsync(request, Cancelled);

        Assert.Equal((HttpStatusCode.OK, Version.Parse(version)), (answer.StatusCode, answer.Version));
        Assert.Equal("content", await answer.Content.ReadAsStringAsync(Cancelled));
    }

    // Many streams of one connection, large bodies in both directions.
    [Fact]
    public async Task Many_requests_share_one_http2_connection()
    {
        var (account, s3) = await OpenAsync();
        s3.Dispose();
        var endpoint = tls.Live.EndpointOf("singapore");
        using var http = tls.Live.OpenHttp();
        http.DefaultRequestVersion = HttpVersion.Version20;
        http.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;

        await Task.WhenAll(Enumerable.Range(1, 12).Select(async number =>
        {
            var content = S3Tests.Bytes(300_000, number);
            var put = new Uri(endpoint, new RawRequest(account, endpoint, "PUT", $"/photos/{number}").Presign(60));
            using var body = new ByteArrayContent(content);
            using var stored = await http.PutAsync(put, body, Cancelled);
            stored.EnsureSuccessStatusCode();
            var get = new Uri(endpoint, new RawRequest(account, endpoint, "GET", $"/photos/{number}").Presign(60));
            Assert.Equal(content, await http.GetByteArrayAsync(get, Cancelled));
        }));
    }

    [Fact]
    public async Task A_client_that_does_not_know_the_authority_connects_to_nobody()
    {
        using var http = new HttpClient();

        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(tls.Live.EndpointOf("singapore"), Cancelled));

        Assert.Equal(HttpRequestError.SecureConnectionError, refused.HttpRequestError);
    }

    [Fact]
    public async Task A_request_without_tls_is_not_served()
    {
        var endpoint = tls.Live.EndpointOf("singapore");

        var answer = await RawConnection.AskAsync(endpoint, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());

        Assert.NotEqual(200, answer.Status);
    }

    // The link between processes asks for a certificate of the deployment; a client has none.
    [Fact]
    public async Task The_link_between_regions_serves_no_stranger()
    {
        using var http = tls.Live.OpenHttp();

        foreach (var process in (string[])["singapore", LiveDeployment.ControlName])
        {
            await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
            {
                using var answer = await http.GetAsync(tls.Live.EndpointsOf(process).Peer, Cancelled);
                answer.EnsureSuccessStatusCode();
            });
        }
    }

    private async Task<(NewAccountView Account, AmazonS3Client S3)> OpenAsync()
    {
        var account = await tls.Live.Control.AddAccountAsync("SG");
        var s3 = tls.Live.OpenS3(account);
        await s3.PutBucketAsync("photos", Cancelled);
        return (account, s3);
    }
}
