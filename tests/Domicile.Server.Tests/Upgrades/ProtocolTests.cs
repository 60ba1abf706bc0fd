using System.Net;
using Domicile.Moves;
using Domicile.Server.Peers;
using Domicile.Server.Tests.Attacks;
using Domicile.Server.Tests.Command;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Faults;
using Domicile.Server.Tests.Moves;
using Xunit;

namespace Domicile.Server.Tests.Upgrades;

/// <summary>Processes that have no version in common do nothing with each other, and say so to people.</summary>
public sealed class ProtocolTests(SharedDeployment shared)
{
    private const string Future = "7-9";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("7-9", "region beijing speaks protocol 7 to 9, region singapore speaks 1 to 2: upgrade region singapore first.")]
    [InlineData("9-7", "region beijing names no protocol that could be read: upgrade region singapore first.")]
    [InlineData("two", "region beijing names no protocol that could be read: upgrade region singapore first.")]
    public async Task A_question_of_a_protocol_that_is_not_spoken_here_is_refused_in_words(string says, string words)
    {
        var deployment = await shared.GetAsync();
        await using var newer = new HostileRegion(deployment, "beijing");

        using var asked = await newer.PostAsync(
            "singapore", "/peer/v1/refuse", new PeerCall(), MovesJson.Default.PeerCall,
            request => request.Headers.Add(PeerProtocol.HeaderName, says));
        using var relayed = await newer.SendAsync(
            "singapore", HttpMethod.Post, RelayEndpoint.Path, null, request => request.Headers.Add(PeerProtocol.HeaderName, says));
        using var ofControl = await newer.SendAsync(
            LiveDeployment.ControlName, HttpMethod.Get, "/peer/v1/directory?since=0&policy=0", null,
            request => request.Headers.Add(PeerProtocol.HeaderName, says));

        Assert.Equal(HttpStatusCode.Conflict, asked.StatusCode);
        Assert.Equal(PeerProtocol.Own.Header, Assert.Single(asked.Headers.GetValues(PeerProtocol.HeaderName)));
        Assert.Contains(words, await TextAsync(asked), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, relayed.StatusCode);
        Assert.False(relayed.Headers.Contains(PeerProtocol.HeaderName));
        Assert.Contains(words, await TextAsync(relayed), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, ofControl.StatusCode);
        Assert.Contains("upgrade control first", await TextAsync(ofControl), StringComparison.Ordinal);
    }

    // Goal: a region that was upgraded too far is left alone: the move waits, its account is served where it is, and status,
    // doctor and the move say whose turn it is. With a build that can, the move goes on.
    // Method: the move stands before its seal while another process, with the target's certificate, takes the target's place.
    [Fact]
    public async Task A_region_that_speaks_a_newer_protocol_alone_holds_up_its_moves_and_is_named()
    {
        const string words = "region singapore speaks protocol 7 to 9, control speaks 1 to 2: upgrade control first.";
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup
        {
            Policy = TestPolicies.Anywhere,
            Regions = [DeploymentSetup.Beijing, DeploymentSetup.Singapore],
        });
        var account = await deployment.Control.AddAccountAsync("IN", "beijing");
        using var s3 = deployment.OpenS3(account);
        await CrashPoints.SetAsync(deployment, "control", "Planned-Copying.saved", "pause", account.Account);
        var move = await deployment.Control.BeginMoveAsync(account.Account, "singapore");
        await CrashPoints.ReachedAsync(deployment, "control", "Planned-Copying.saved", account.Account);
        await deployment.StopAsync("singapore");
        await using (var newer = new HostileRegion(deployment, "singapore"))
        {
            await newer.AnswerAsync(context =>
            {
                context.Response.Headers[PeerProtocol.HeaderName] = Future;
                return Task.CompletedTask;
            });
            CrashPoints.Release(deployment, "control", "Planned-Copying.saved", account.Account);

            await deployment.Control.MoveBecomesAsync(move.Move, view => view.Trouble == words, "troubled");
            await s3.PutBucketAsync("served", Cancelled);
            Assert.Contains((await deployment.Control.StatusAsync()).Regions, region => region.Trouble == words);
            Assert.Contains((await deployment.Control.DoctorAsync()).Findings, finding => finding.Finding == words);
            Assert.Contains(words, deployment.LogOf("control"), StringComparison.Ordinal);
            var status = await CliCall.RunAsync("status", "--control", deployment.EndpointsOf("control").Listen.AbsoluteUri,
                "--token-file", Path.Combine(deployment.DirectoryOf("control"), "token"));
            Assert.Contains(words, status.Error, StringComparison.Ordinal);
        }

        await deployment.StartAsync("singapore");
        Assert.Equal("done", (await deployment.Control.EndOfMoveAsync(move.Move)).State);
    }

    private static Task<string> TextAsync(HttpResponseMessage answer) => answer.Content.ReadAsStringAsync(Cancelled);
}
