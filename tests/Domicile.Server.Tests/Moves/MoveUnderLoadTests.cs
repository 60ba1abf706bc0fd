using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.Moves;

/// <summary>An account moves while its clients go on; the clients must not be able to tell.</summary>
public sealed class MoveUnderLoadTests
{
    private static readonly string[] Route =
    [
        "singapore", "beijing", "singapore", "california", "beijing", "california", "singapore", "beijing", "california",
        "beijing",
    ];

    // Goal: ten moves in a row, and no client sees an error, a lost, resurrected, reordered or stale answer.
    // Method: stock clients at every region's endpoint put, get, delete and compare-and-set the same few keys, in a versioned
    // and in a plain bucket; every answer is put down, and the whole history is checked for linearizability, key by key.
    [Fact]
    public async Task Ten_moves_in_a_row_go_unnoticed_by_concurrent_clients()
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup { Policy = TestPolicies.Anywhere });
        var account = await deployment.Control.AddAccountAsync("IN", "beijing");
        await using var workload = await Workload.StartAsync(deployment, account, clients: 5, seed: 1, retries: true);
        foreach (var target in Route)
        {
            await workload.WritesGoOnAsync(10);
            var move = await deployment.Control.MoveAsync(account.Account, target);
            Assert.True(move.State == "done", $"{move.State}: {move.Reason} {move.Trouble}");
            workload.NextGeneration();
        }

        await workload.WritesGoOnAsync(10);
        Assert.Empty(await workload.JudgeAsync());
        Assert.Empty(workload.Recorder.Failures);
        Assert.True((await deployment.Control.VerifyAsync(account.Account)).Result is { DigestMatches: true, Troubles.Count: 0 });
    }

    // Goal: what is half done when the account leaves is done where it has gone.
    // Method: an upload, a part of a multipart upload and a download each stop at half until the account is settled at its
    // new home; once at the former home's endpoint, once at the new one's, once at a third's.
    [Fact]
    public async Task Requests_that_span_the_cut_over_end_as_if_nothing_had_happened()
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup { Policy = TestPolicies.Anywhere });
        var account = await deployment.Control.AddAccountAsync("IN", "beijing");
        using var home = deployment.OpenS3(account);
        await home.PutBucketAsync("spanning", TestContext.Current.CancellationToken);
        var kept = new List<SpanningRequests>();
        foreach (var (target, through) in new[] { ("singapore", "beijing"), ("beijing", "beijing"), ("singapore", "california") })
        {
            using var s3 = deployment.OpenS3(account, through);
            var spanning = new SpanningRequests(s3, "spanning", $"{target}-{through}");
            await spanning.BeginAsync();
            var begun = await deployment.Control.BeginMoveAsync(account.Account, target);
            await deployment.Control.MoveBecomesAsync(begun.Move, view => view.State is "erasing" or "done", "settled");
            await spanning.EndAsync();
            Assert.Equal("done", (await deployment.Control.EndOfMoveAsync(begun.Move)).State);
            await spanning.AssertKeptAsync();
        }
    }
}
