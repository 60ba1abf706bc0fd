using Domicile.Accounts;
using Domicile.Moves;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>The rules of docs/protocols/move.md at control: each test fails when its check alone is taken out.</summary>
public sealed class RunnerRuleTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    // Goal: nobody goes back without the target's durable word, wherever the move stood, even where it never heard of it.
    [Theory]
    [InlineData("prepare")]
    [InlineData("arrive answered")]
    [InlineData("seal answered")]
    [InlineData("depart answered")]
    public async Task Whoever_goes_back_has_the_targets_refusal(string forbiddenAt)
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var isRefused = false;
        var isUnsealedBefore = false;
        deployment.Break = (_, call) =>
        {
            deployment.Permits &= call != forbiddenAt;
            isRefused |= call == "refuse answered";
            isUnsealedBefore |= call == "unseal" && !isRefused;
        };
        deployment.Permits = forbiddenAt != "prepare";
        var move = await MoveAsync(deployment, account);

        Assert.Equal((MoveState.Aborted, true, false), (move.State, isRefused, isUnsealedBefore));
        var target = deployment.Node(TestDeployment.Singapore).Region.Storage.Open(account.Id);
        Assert.Equal(MoveOutcome.Refused, MoveByHand.RecordIn(target, move.Order, MoveRole.Target)!.Outcome);
    }

    // Goal: the order to activate names the policy by which control has just permitted it.
    [Fact]
    public async Task The_activation_names_the_policy_by_which_control_has_just_permitted_it()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var isHeldUp = false;
        deployment.Break = (_, call) =>
        {
            deployment.PolicyRevision = call == "depart answered" ? 2 : deployment.PolicyRevision;
            if (call == "activate answered")
            {
                var target = deployment.Node(TestDeployment.Singapore);
                isHeldUp |= target.Region.Storage.Find(account.Id)!.Row!.State == AccountState.Arriving;
                target.Region.Directory.Take(new DirectoryUpdate([], 2, target.Region.Directory.Policy!.Text));
            }
        };
        var move = await MoveAsync(deployment, account, untilActivated: true);
        Assert.True(isHeldUp, $"{move.State}");
    }

    // Goal: a move seals nothing that policy has come to forbid while it was copied.
    [Fact]
    public async Task Control_asks_its_policy_again_before_it_seals()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var isSealed = false;
        deployment.Break = (_, call) =>
        {
            deployment.Permits &= call != "arrive answered";
            isSealed |= call == "seal";
        };
        var move = await MoveAsync(deployment, account);
        Assert.Equal((MoveState.Aborted, false), (move.State, isSealed));
    }

    [Fact]
    public async Task Control_asks_its_policy_again_before_it_activates()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var isActivated = false;
        deployment.Break = (_, call) =>
        {
            deployment.Permits &= call != "depart answered";
            isActivated |= call == "activate";
        };
        var move = await MoveAsync(deployment, account);
        Assert.Equal((MoveState.Aborted, false), (move.State, isActivated));
    }

    private static async Task<Move> MoveAsync(TestDeployment deployment, AccountProfile account, bool untilActivated = false)
    {
        await using var desk = deployment.OpenDesk();
        var requested = Assert.IsType<MoveRequestResult.Accepted>(await desk.RequestAsync(
            TestDeployment.Request(account, TestDeployment.Beijing, TestDeployment.Singapore), Stop));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            var ticket = desk.ChangeCount;
            if (desk.Find(requested.Move.Id)! is var move && (move.IsOver || (untilActivated && move.HasSettled)))
            {
                return move;
            }

            await desk.ChangedSince(ticket, limit.Token);
        }
    }
}
