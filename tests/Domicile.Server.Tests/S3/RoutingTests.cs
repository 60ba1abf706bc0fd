using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Server.Tests.BadInput;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>
/// Requests that enter at a region that is not the account's home: relayed where policy lets the content pass, sent to
/// the home (307, with x-amz-bucket-region) where it doesn't. And buckets addressed as hosts.
/// </summary>
public sealed class RoutingTests(SharedDeployment shared) : S3Tests(shared)
{
    [Fact]
    public async Task A_permitted_region_relays_every_kind_of_request()
    {
        using var relayed = Deployment.OpenS3(Account, "california");
        var content = Bytes(2_000_000);

        await relayed.PutBucketAsync("album", Cancelled);
        await relayed.PutObjectAsync(new() { BucketName = "album", Key = "ü b", InputStream = new MemoryStream(content) }, Cancelled);
        var listed = await relayed.ListObjectsV2Async(new() { BucketName = "album" }, Cancelled);
        using var found = await relayed.GetObjectAsync("album", "ü b", Cancelled);
        using var part = await relayed.GetObjectAsync(new() { BucketName = "album", Key = "ü b", ByteRange = new ByteRange(5, 9) }, Cancelled);

        Assert.Equal(["ü b"], listed.S3Objects.Select(each => each.Key));
        Assert.Equal(SHA256.HashData(content), SHA256.HashData(await ReadAsync(found)));
        Assert.Equal(content[5..10], await ReadAsync(part));
        Assert.Equal(content, await GetAsync("ü b", bucket: "album"));
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchKey", () => relayed.GetObjectAsync("album", "b", Cancelled));
        await relayed.DeleteObjectAsync("album", "ü b", Cancelled);
        await relayed.DeleteBucketAsync("album", Cancelled);
    }

    [Fact]
    public async Task Nothing_of_what_was_relayed_stays_in_the_relaying_region()
    {
        var marker = Convert.ToHexString(Bytes(24, 77));
        using var relayed = Deployment.OpenS3(Account, "california");
        await relayed.PutObjectAsync(new() { BucketName = Bucket, Key = $"key-{marker}", ContentBody = $"content {marker}" }, Cancelled);

        // Names lie in the home's database, which shows that they would be found.
        Assert.NotEmpty(await FilesWithAsync(marker, "singapore"));
        Assert.Empty(await FilesWithAsync(marker, "california"));
        Assert.Empty(await FilesWithAsync(marker, LiveDeployment.ControlName));
    }

    [Theory]
    [InlineData("GET", "/photos/a%20b?x-id=1")]
    [InlineData("PUT", "/photos/a%20b")]
    [InlineData("HEAD", "/photos")]
    [InlineData("GET", "/")]
    public async Task A_region_that_may_not_relay_names_the_home(string method, string target)
    {
        var beijing = Deployment.EndpointOf("beijing");
        var home = Deployment.EndpointOf("singapore");

        var answer = await RawConnection.AskAsync(beijing, new RawRequest(Account, beijing, method, target).ToBytes());

        Assert.Equal(307, answer.Status);
        Assert.Contains($"Location: {home.GetLeftPart(UriPartial.Authority)}{target}\r\n", answer.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("x-amz-bucket-region: singapore\r\n", answer.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(method == "HEAD" ? "" : "TemporaryRedirect", answer.Code);
    }

    // A request whose client waits for "100 Continue" must be sent on before its body has left the client.
    [Fact]
    public async Task A_region_that_may_not_relay_takes_no_body()
    {
        var beijing = Deployment.EndpointOf("beijing");
        var request = new RawRequest(Account, beijing, "PUT", "/photos/a")
        {
            PayloadHash = "UNSIGNED-PAYLOAD",
            ContentLength = "1000000",
            Unsigned = [("Expect", "100-continue")],
        };

        var answer = await RawConnection.AskAsync(beijing, request.ToBytes());

        Assert.Equal((307, "TemporaryRedirect"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Buckets_are_hosts_below_a_configured_name()
    {
        using var s3 = new AmazonS3Client(
            new BasicAWSCredentials(Account.AccessKey, Account.SecretKey),
            new AmazonS3Config
            {
                ServiceURL = $"http://{SharedDeployment.VirtualHost}:{Deployment.EndpointOf("singapore").Port}",
                AuthenticationRegion = "us-east-1",
                HttpClientFactory = new LoopbackClients(),
            });

        await s3.PutObjectAsync(new() { BucketName = Bucket, Key = "a/b ü", ContentBody = "content" }, Cancelled);
        await s3.PutBucketAsync("dotted.name", Cancelled);
        var listed = await s3.ListObjectsV2Async(new() { BucketName = Bucket }, Cancelled);

        Assert.Equal(["a/b ü"], listed.S3Objects.Select(each => each.Key));
        Assert.Equal("content", await GetTextAsync("a/b ü"));
        Assert.Equal(["dotted.name", Bucket], (await S3.ListBucketsAsync(Cancelled)).Buckets.Select(each => each.BucketName));
    }

    // "photos.127.0.0.1" and names below other hosts are no buckets.
    [Theory]
    [InlineData("photos.other.test")]
    [InlineData("photos.127.0.0.1")]
    public async Task Other_hosts_name_no_buckets(string host)
    {
        var endpoint = new Uri($"http://{host}:{Deployment.EndpointOf("singapore").Port}");

        var answer = await RawConnection.AskAsync(
            Deployment.EndpointOf("singapore"), new RawRequest(Account, endpoint, "GET", "/").ToBytes());

        Assert.Equal(200, answer.Status);
        Assert.Contains("<ListAllMyBucketsResult", answer.Text, StringComparison.Ordinal);
    }

    private async Task<List<string>> FilesWithAsync(string marker, string process)
    {
        while (true)
        {
            try
            {
                return await LookAsync(marker, process);
            }
            catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
            {
                // A database was closed, and its log's rows went into another file: from the start.
            }
        }
    }

    private async Task<List<string>> LookAsync(string marker, string process)
    {
        var found = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Deployment.DirectoryOf(process), "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            await using var opened = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var text = new StreamReader(opened, System.Text.Encoding.Latin1);
            if ((await text.ReadToEndAsync(Cancelled)).Contains(marker, StringComparison.OrdinalIgnoreCase))
            {
                found.Add(file);
            }
        }

        return found;
    }

    private sealed class LoopbackClients : HttpClientFactory
    {
        // The names are of no DNS.
        public override HttpClient CreateHttpClient(IClientConfig clientConfig)
            => new(new SocketsHttpHandler
            {
                ConnectCallback = async (context, stop) =>
                {
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                    await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, stop);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            });
    }
}
