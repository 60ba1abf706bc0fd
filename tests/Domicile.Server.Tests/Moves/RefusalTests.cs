using Amazon.S3.Model;
using Domicile.Cli.Demo;
using Domicile.Control;
using Domicile.Server.Tests.Command;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Faults;
using Xunit;

namespace Domicile.Server.Tests.Moves;

/// <summary>Moves that are refused, or go back: the account is as it was, writes go on, nothing is at the target.</summary>
public sealed class RefusalTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_move_to_where_it_can_not_go_is_refused_with_the_reason()
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup { Policy = TestPolicies.NotSingapore });
        var account = await StartedAsync(deployment, "beijing");
        await AssertRefusedAsync(deployment, account, "atlantis", "atlantis");
        await AssertRefusedAsync(deployment, account, "singapore", "policy forbids");
        await AssertRefusedAsync(deployment, account, "beijing", "already");
        await deployment.StopAsync("california");
        await AssertRefusedAsync(deployment, account, "california", "california does not answer");
    }

    // Method: the target dies when it is asked to take the account in, so that the move stays where it is.
    [Fact]
    public async Task A_second_move_is_refused_and_the_first_can_be_aborted_while_it_copies()
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup { Policy = TestPolicies.Anywhere });
        var account = await StartedAsync(deployment, "beijing");
        var move = await StuckMoveAsync(deployment, account, "arrive.done");
        await AssertRefusedAsync(deployment, account, "california", move.Move.ToString());

        Assert.Equal(0, (await CliCall.RunAsync(deployment.Directory, $"moves abort {move.Move}")).Code);
        await PutAsync(deployment, account, "while-refusing");
        await deployment.StartAsync("singapore");

        Assert.Equal("aborted", (await deployment.Control.EndOfMoveAsync(move.Move)).State);
        await AssertUntouchedAsync(deployment, account, "beijing");
        Assert.Equal("done", (await deployment.Control.MoveAsync(account.Account, "singapore")).State);
    }

    // Method: the target dies before it is drained, the account sealed; while it is away the policy comes to forbid it.
    [Theory]
    [InlineData("arrive.done")]
    [InlineData("activate.asked")]
    public async Task A_policy_that_comes_to_forbid_the_target_takes_the_move_back(string point)
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup { Policy = TestPolicies.Anywhere });
        var account = await StartedAsync(deployment, "beijing");
        var move = await StuckMoveAsync(deployment, account, point);
        await deployment.Control.PutPolicyAsync(TestPolicies.NotSingapore);
        await deployment.StartAsync("singapore");

        var end = await deployment.Control.EndOfMoveAsync(move.Move);

        Assert.Equal("aborted", end.State);
        Assert.Contains("polic", end.Reason, StringComparison.OrdinalIgnoreCase);
        await AssertUntouchedAsync(deployment, account, "beijing");
    }

    /// <param name="point">Where the target dies in going back.</param>
    [Theory]
    [InlineData("refuse.asked")]
    [InlineData("refuse.recorded")]
    [InlineData("refuse.done")]
    public async Task A_target_that_dies_in_refusing_keeps_nothing(string point)
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup { Policy = TestPolicies.Anywhere });
        var account = await StartedAsync(deployment, "beijing");
        var move = await StuckMoveAsync(deployment, account, "pull.stored");
        await CrashPoints.SetAsync(deployment, "singapore", point);
        Assert.Equal(0, (await CliCall.RunAsync(deployment.Directory, $"moves abort {move.Move}")).Code);
        await deployment.StartAsync("singapore");
        await CrashPoints.DiedAtAsync(deployment, "singapore", point);
        await deployment.StartAsync("singapore");

        Assert.Equal("aborted", (await deployment.Control.EndOfMoveAsync(move.Move)).State);
        await AssertUntouchedAsync(deployment, account, "beijing");
    }

    // Method: the target dies just before the commit point; the policy comes to forbid it; then the party under test dies.
    [Theory]
    [InlineData("beijing", "unseal.asked")]
    [InlineData("beijing", "unseal.done")]
    [InlineData("control", "Refusing-Unsealing.saving")]
    [InlineData("control", "Unsealing-Aborted.saving")]
    public async Task A_move_goes_back_whoever_dies_on_the_way(string process, string point)
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup { Policy = TestPolicies.Anywhere });
        var account = await StartedAsync(deployment, "beijing");
        var move = await StuckMoveAsync(deployment, account, "activate.asked");
        await deployment.Control.PutPolicyAsync(TestPolicies.NotSingapore);
        await CrashPoints.SetAsync(deployment, process, point);
        await deployment.StartAsync("singapore");
        await CrashPoints.DiedAtAsync(deployment, process, point);
        await deployment.StartAsync(process);

        Assert.Equal("aborted", (await deployment.Control.EndOfMoveAsync(move.Move)).State);
        await AssertUntouchedAsync(deployment, account, "beijing");
    }

    private static async Task<NewAccountView> StartedAsync(LiveDeployment deployment, string home)
    {
        var account = await deployment.Control.AddAccountAsync("IN", home);
        using var s3 = deployment.OpenS3(account);
        await s3.PutBucketAsync("marker-bucket", Cancelled);
        await PutAsync(deployment, account, "before");
        return account;
    }

    /// <summary>Begins a move whose target has died at a point by the time this returns.</summary>
    private static async Task<MoveView> StuckMoveAsync(LiveDeployment deployment, NewAccountView account, string point)
    {
        await CrashPoints.SetAsync(deployment, "singapore", point);
        var move = await deployment.Control.BeginMoveAsync(account.Account, "singapore");
        await CrashPoints.DiedAtAsync(deployment, "singapore", point);
        return move;
    }

    private static async Task PutAsync(LiveDeployment deployment, NewAccountView account, string key)
    {
        using var s3 = deployment.OpenS3(account);
        await s3.PutObjectAsync(
            new PutObjectRequest { BucketName = "marker-bucket", Key = key, ContentBody = new string('x', 100_000) }, Cancelled);
    }

    private static async Task AssertRefusedAsync(LiveDeployment deployment, NewAccountView account, string to, string because)
    {
        var refused = await CliCall.RunAsync(deployment.Directory, $"move {account.Account} --to {to} --wait");
        Assert.Equal(1, refused.Code);
        Assert.Contains(because, refused.Error, StringComparison.OrdinalIgnoreCase);
        await PutAsync(deployment, account, $"after-{to}");
    }

    private static async Task AssertUntouchedAsync(LiveDeployment deployment, NewAccountView account, string home)
    {
        await PutAsync(deployment, account, "afterwards");

        // The target clears up after its answer, so that the source's writes need not wait for it.
        await Eventually.HoldsAsync(
            () => Task.FromResult(AccountRowOnDisk.Read(deployment, account.Account).All(row => row.Region == home || !row.HasData)),
            "the target has cleared up");
        var rows = AccountRowOnDisk.Read(deployment, account.Account);
        Assert.Equal(home, Assert.Single(rows, row => row.State == AccountRowOnDisk.Active).Region);
        Assert.DoesNotContain(rows, row => row.Region != home && row.HasData);
        var left = MarkerScan.Search(deployment.DirectoryOf("singapore"), ["marker-bucket"u8.ToArray()], Cancelled);
        Assert.Empty(left.Finds);
        var contents = Path.Combine(deployment.DirectoryOf("singapore"), "accounts", account.Account[..2], account.Account, "contents");
        Assert.True(!Directory.Exists(contents) || !Directory.EnumerateFiles(contents, "*", SearchOption.AllDirectories).Any());
        Assert.Equal(home, (await deployment.Control.ShowAccountAsync(account.Account)).Home);
    }
}
