using System.Net;
using Domicile.Control;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.Attacks;

/// <summary>Whoever begins requests and takes them back at any moment costs nobody anything.</summary>
public sealed class ResetStreamTests
{
    private const int Rounds = 8;
    private const int ConnectionsOfRound = 150;
    private const int StreamsOfConnection = 2;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Goal: a relay lives, serves, and writes no stack, whatever moment a stranger chooses. Method: many streams of HTTP/2 with a
    // body that doesn't end, on connections that are open, are reset all at once about when the relay stops waiting for them.
    [Fact]
    public async Task A_relay_outlives_streams_that_are_reset_while_it_waits_for_their_bodies()
    {
        await using var deployment = await LiveDeployment.StartAsync(
            new DeploymentSetup { Regions = [DeploymentSetup.Singapore, DeploymentSetup.California] });
        var account = await deployment.Control.AddAccountAsync("SG", "singapore");
        var relay = deployment.PidOf("california");
        for (var round = 0; round < Rounds; round++)
        {
            await ResetAsync(deployment.EndpointOf("california"), account, TimeSpan.FromMilliseconds(20 + (round * 5)));
        }

        using var s3 = deployment.OpenS3(account, "california");
        await s3.PutBucketAsync("photos", Cancelled);
        Assert.Equal(relay, deployment.PidOf("california"));
        var log = await File.ReadAllTextAsync(Path.Combine(deployment.DirectoryOf("california"), "log", "server.log"), Cancelled);
        Assert.DoesNotContain("   at ", log, StringComparison.Ordinal);
    }

    private static async Task ResetAsync(Uri at, NewAccountView account, TimeSpan after)
    {
        var strangers = Enumerable.Range(0, ConnectionsOfRound).Select(_ => new HttpClient(new SocketsHttpHandler())).ToList();
        await Task.WhenAll(strangers.Select(stranger => BeginAsync(stranger, at, account, isWhole: true, Cancelled)));
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var streams = strangers.SelectMany(stranger => Enumerable.Range(0, StreamsOfConnection)
            .Select(_ => BeginAsync(stranger, at, account, isWhole: false, gone.Token))).ToList();
        gone.CancelAfter(after);
        await Task.WhenAll(streams);
        strangers.ForEach(stranger => stranger.Dispose());
    }

    private static async Task BeginAsync(
        HttpClient stranger, Uri at, NewAccountView account, bool isWhole, CancellationToken gone)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(at, "/photos/k"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = isWhole ? new ByteArrayContent([1]) : new Unfinished(gone),
        };
        request.Headers.TryAddWithoutValidation(
            "Authorization",
            $"AWS4-HMAC-SHA256 Credential={account.AccessKey}/20300101/x/s3/aws4_request,SignedHeaders=host,Signature={new string('0', 64)}");
        request.Headers.TryAddWithoutValidation("x-amz-date", "20300101T000000Z");
        try
        {
            using var answer = await stranger.SendAsync(request, gone);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            // Taken back, or refused.
        }
    }

    private sealed class Unfinished(CancellationToken gone) : HttpContent
    {
        private const int LengthBytes = 1000;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(new byte[LengthBytes - 1], gone);
            await stream.FlushAsync(gone);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, gone);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = LengthBytes;
            return true;
        }
    }
}
