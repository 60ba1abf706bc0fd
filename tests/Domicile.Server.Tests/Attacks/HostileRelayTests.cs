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

/// <summary>A region with a real certificate relays what no honest one would.</summary>
public sealed class HostileRelayTests(SharedDeployment shared) : S3Tests(shared)
{
    // Goal: the home stores nothing of a body that is framed otherwise than its client's head says. Method: a request that its
    // client signed without its body, in chunks on the link.
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
        using var answer = await RelayAsync(california, Put(length), Encoding.UTF8.GetBytes(body));

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(status == HttpStatusCode.OK ? 1 : 0, await CountAsync());
    }

    // Goal: to ask whether a request is its client's runs nothing, and the answer is no way past the signature.
    [Fact]
    public async Task A_question_is_answered_by_the_signature_alone_and_runs_nothing()
    {
        await using var california = new HostileRegion(Deployment, "california");
        var signed = Put("7");
        var forged = signed with
        {
            Headers = [.. signed.Headers.Select(line => line.Name == "Authorization"
                ? line with { Value = line.Value[..^1] + (line.Value[^1] == '0' ? '1' : '0') } : line)],
        };

        using var served = await RelayAsync(california, signed, null, isQuestion: true);
        using var refused = await RelayAsync(california, forged, null, isQuestion: true);
        using var withBody = await RelayAsync(california, signed, "content"u8.ToArray(), isQuestion: true);

        Assert.Equal(HttpStatusCode.NoContent, served.StatusCode);
        Assert.True(served.Headers.Contains(RelayEndpoint.ServedHeader));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.False(refused.Headers.Contains(RelayEndpoint.ServedHeader));
        Assert.Contains("<Code>SignatureDoesNotMatch</Code>", await refused.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, withBody.StatusCode);
        Assert.Equal(0, await CountAsync());
    }

    private ClientRequest Put(string length)
    {
        var lines = new RawRequest(Account, Endpoint, "PUT", $"/{Bucket}/a") { PayloadHash = "UNSIGNED-PAYLOAD", ContentLength = length }
            .Head().Split("\r\n", StringSplitOptions.RemoveEmptyEntries)[1..];
        return new ClientRequest(
            "PUT", $"/{Bucket}/a", [.. lines.Select(line => line.Split(": ", 2)).Select(line => new HeaderLine(line[0], line[1]))], null);
    }

    private static Task<HttpResponseMessage> RelayAsync(
        HostileRegion by, ClientRequest client, byte[]? body, bool isQuestion = false)
        => by.SendAsync(
            "singapore", HttpMethod.Post, RelayEndpoint.Path, body is null ? null : new StreamContent(new Unsized(body)), request =>
            {
                request.Headers.TransferEncodingChunked = body is null ? null : true;
                request.Headers.Add(RelayEndpoint.HopsHeader, "1");
                request.Headers.Add(RelayEndpoint.SchemeHeader, "http");
                request.Headers.Add(RelayEndpoint.RequestHeader, Base64Url.EncodeToString(client.Encode()));
                if (isQuestion)
                {
                    request.Headers.Add(RelayEndpoint.QuestionHeader, "1");
                }
            });

    private async Task<int> CountAsync()
        => (await S3.ListObjectsV2Async(new() { BucketName = Bucket }, Cancelled)).S3Objects?.Count ?? 0;

    private sealed class Unsized(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
