using System.Buffers.Text;
using System.Net;
using System.Text;
using Domicile.Server.Peers;
using Domicile.Server.S3.Wire;
using Domicile.Server.Tests.BadInput;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.S3;
using Xunit;

namespace Domicile.Server.Tests.Attacks;

/// <summary>
/// A region that relays frames a body otherwise than the client's head says. Goal: the home stores nothing of it. Method: a
/// request that its client signed without its body, in chunks on the link.
/// </summary>
public sealed class HostileRelayTests(SharedDeployment shared) : S3Tests(shared)
{
    [Theory]
    [InlineData("7", "content", HttpStatusCode.OK)]
    [InlineData("7", "conten", HttpStatusCode.BadRequest)]
    [InlineData("7", "contents", HttpStatusCode.BadRequest)]
    [InlineData("07", "content", HttpStatusCode.BadRequest)]
    [InlineData("0", "", HttpStatusCode.BadRequest)]
    [InlineData("1025", "content", HttpStatusCode.BadRequest)]
    public async Task A_body_in_chunks_must_have_the_length_that_its_client_said(string length, string body, HttpStatusCode status)
    {
        await using var california = new HostileRegion(Deployment, "california");
        var lines = new RawRequest(Account, Endpoint, "PUT", $"/{Bucket}/a") { PayloadHash = "UNSIGNED-PAYLOAD", ContentLength = length }
            .Head().Split("\r\n", StringSplitOptions.RemoveEmptyEntries)[1..];
        var head = new ClientRequest(
            "PUT", $"/{Bucket}/a", [.. lines.Select(line => line.Split(": ", 2)).Select(line => new HeaderLine(line[0], line[1]))], null);

        using var answer = await california.SendAsync(
            "singapore", HttpMethod.Post, RelayEndpoint.Path, new StreamContent(new Unsized(Encoding.UTF8.GetBytes(body))), request =>
            {
                request.Headers.TransferEncodingChunked = true;
                request.Headers.Add(RelayEndpoint.HopsHeader, "1");
                request.Headers.Add(RelayEndpoint.SchemeHeader, "http");
                request.Headers.Add(RelayEndpoint.RequestHeader, Base64Url.EncodeToString(head.Encode()));
            });

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(
            status == HttpStatusCode.OK ? 1 : 0,
            (await S3.ListObjectsV2Async(new() { BucketName = Bucket }, Cancelled)).S3Objects?.Count ?? 0);
    }

    private sealed class Unsized(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
