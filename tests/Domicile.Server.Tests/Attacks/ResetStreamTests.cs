using System.Net;
using Domicile.Control;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.Attacks;

/// <summary>Whoever begins requests and takes them back at any moment costs nobody anything.</summary>
public sealed class ResetStreamTests
{
    private const int Rounds = 4;
    private const int ConnectionsOfRound = 100;
    private const int StreamsOfConnection = 3;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Goal: a relay lives, serves, and writes no stack, whatever moment a stranger chooses. Method: many streams of HTTP/2 with a
    // body that doesn't end are reset, one by one or with their connection, about when the relay stops waiting for it.
    [Fact]
    public async Task A_relay_outlives_streams_that_are_reset_while_it_waits_for_their_bodies()
    {
        await using var deployment = await LiveDeployment.StartAsync(
            new DeploymentSetup { Regions = [DeploymentSetup.Singapore, DeploymentSetup.California] });
        var account = await deployment.Control.AddAccountAsync("SG", "singapore");
        var relay = deployment.PidOf("california");
        var dice = new Random(1);
        for (var round = 0; round < Rounds; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, ConnectionsOfRound).Select(_ => ConnectAsync(
                deployment.EndpointOf("california"), account, TimeSpan.FromMilliseconds(dice.Next(40, 160)))));
        }

        using var s3 = deployment.OpenS3(account, "california");
        await s3.PutBucketAsync("photos", Cancelled);
        Assert.Equal(relay, deployment.PidOf("california"));
        var log = await File.ReadAllTextAsync(Path.Combine(deployment.DirectoryOf("california"), "log", "server.log"), Cancelled);
        Assert.DoesNotContain("   at ", log, StringComparison.Ordinal);
    }

    private static async Task ConnectAsync(Uri at, NewAccountView account, TimeSpan after)
    {
        using var stranger = new HttpClient(new SocketsHttpHandler());
        var streams = Enumerable.Range(0, StreamsOfConnection)
            .Select(stream => BeginAsync(stranger, at, account, stream == 0 ? after : Timeout.InfiniteTimeSpan)).ToList();
        await streams[0];
        stranger.Dispose();
        await Task.WhenAll(streams);
    }

    private static async Task BeginAsync(HttpClient stranger, Uri at, NewAccountView account, TimeSpan after)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        gone.CancelAfter(after);
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(at, "/photos/k"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Unfinished(gone.Token),
        };
        request.Headers.TryAddWithoutValidation(
            "Authorization",
            $"AWS4-HMAC-SHA256 Credential={account.AccessKey}/20300101/x/s3/aws4_request,SignedHeaders=host,Signature={new string('0', 64)}");
        request.Headers.TryAddWithoutValidation("x-amz-date", "20300101T000000Z");
        try
        {
            using var answer = await stranger.SendAsync(request, gone.Token);
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
