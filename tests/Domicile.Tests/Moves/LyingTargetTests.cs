using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Proofs;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>A target says that it has what it has not. No move may end with such a home.</summary>
public sealed class LyingTargetTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_target_that_claims_to_have_drained_what_it_never_stored_fails_the_move()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var move = await MoveAsync(deployment, digest: _ => new byte[SetDigest.LengthBytes]);
        Assert.Equal(MoveState.Failed, move.State);
        Assert.Equal(MoveReasons.DigestsDiffer, move.Reason);
    }

    // Even one that knows what it would have to say: the activation goes by what is stored.
    [Fact]
    public async Task A_target_that_claims_to_have_drained_with_the_sources_own_digest_is_refused_at_the_activation()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var move = await MoveAsync(
            deployment, account => deployment.Storage(TestDeployment.Beijing).Find(account)!.Row!.Digest.ToArray());
        Assert.Equal(MoveState.Aborted, move.State);
        Assert.Contains("has not stored everything", move.Reason, StringComparison.Ordinal);
    }

    private static async Task<Move> MoveAsync(TestDeployment deployment, Func<AccountId, byte[]> digest)
    {
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var source = deployment.Node(TestDeployment.Beijing);
        Assert.IsNotType<CommandResult.Refused>(await source.ExecuteAsync(account.Id, new CreateBucket("photos"), Stop));
        deployment.Lie = (region, call) => (region == TestDeployment.Singapore, call) switch
        {
            (true, "arrive") => new StepAnswer.Arriving(2, 2, 0, 0, null, IsNear: true),
            (true, "drain") => new StepAnswer.Drained(2, digest(account.Id)),
            _ => null,
        };
        await using var desk = deployment.OpenDesk();
        var requested = await desk.RequestAsync(
            TestDeployment.Request(account, TestDeployment.Beijing, TestDeployment.Singapore), Stop);
        var id = Assert.IsType<MoveRequestResult.Accepted>(requested).Move.Id;
        for (var ticket = desk.ChangeCount; !desk.Find(id)!.IsOver; ticket = desk.ChangeCount)
        {
            await desk.ChangedSince(ticket, Stop);
        }

        var status = await source.FindAccountAsync(account.Id, Stop);
        Assert.True(status is { State: AccountState.Active, Epoch: 1 }, $"{status}");
        Assert.IsNotType<CommandResult.Refused>(await source.ExecuteAsync(account.Id, new CreateBucket("after"), Stop));
        return desk.Find(id)!;
    }
}
