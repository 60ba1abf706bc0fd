using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>The rules of docs/protocols/move.md at the target: each test fails when its check alone is taken out.</summary>
public sealed class TargetRuleTests
{
    private const string ChinaOnly =
        """
        version: 1
        rules:
          - name: Only China
            when: { residence: "*" }
            allow: { countries: [CN] }
        """;

    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    // Goal: a target that lacks the last change never becomes the home, also where that change left no row, so that both
    // digests are the same.
    [Fact]
    public async Task A_target_that_lacks_a_last_change_without_a_row_is_not_activated()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.DepartAsync();
        var answer = await move.ActivateAsync(finalSeq: move.AtTarget.Row!.Cursor + 1);
        Assert.IsType<StepAnswer.Refused>(answer);
        Assert.NotEqual(AccountState.Active, move.AtTarget.Row!.State);
    }

    // Method: by a clock by which the bound of the drain is over at once.
    [Fact]
    public async Task A_target_that_lacks_a_last_change_without_a_row_has_not_drained()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SealAsync();
        var region = move.Target.Region with { Time = new HurriedTime() };
        await using var pulls = new ArrivalPulls(region, NullLogger<ArrivalPulls>.Instance);
        await using var role = new TargetRole(region, pulls, NullLogger<TargetRole>.Instance);
        Assert.IsType<StepAnswer.NotNow>(await role.DrainAsync(move.Order, move.Final!.FinalSeq + 1, Stop));
    }

    [Fact]
    public async Task A_target_whose_rows_are_not_the_sources_is_not_activated()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.DepartAsync();
        var digest = move.Final!.Digest.ToArray();
        digest[0] ^= 1;
        Assert.Equal(MoveReasons.DigestsDiffer, Assert.IsType<StepAnswer.Refused>(await move.ActivateAsync(digest: digest)).Reason);
    }

    // Goal: rows that another program changed under the digest don't become the account.
    [Fact]
    public async Task A_target_whose_rows_are_not_what_its_digest_says_is_not_activated()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.DepartAsync();
        await move.AtTarget.WriteAsync(
            transaction =>
            {
                transaction.Sql.Execute("DELETE FROM bucket");
                move.AtTarget.IsOnlyWriter = false;
                return true;
            },
            Stop);
        Assert.Equal(MoveReasons.RowsChanged, Assert.IsType<StepAnswer.Refused>(await move.ActivateAsync()).Reason);
    }

    [Fact]
    public async Task Only_what_arrives_in_this_move_is_activated()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.DepartAsync();
        var other = move.OrderOf(2, epoch: 1, TestDeployment.Beijing, TestDeployment.Singapore);
        Assert.IsType<StepAnswer.Refused>(await move.ActivateAsync(other));
        Assert.Equal((AccountState.Arriving, move.Order.Move), (move.AtTarget.Row!.State, move.AtTarget.Row.Move));
    }

    [Fact]
    public async Task Only_what_is_arriving_is_activated()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.DepartAsync();
        await MoveByHand.PutRowAsync(move.AtTarget, row => row with { State = AccountState.Departed });
        Assert.IsType<StepAnswer.Refused>(await move.ActivateAsync());
        Assert.Equal(AccountState.Departed, move.AtTarget.Row!.State);
    }

    [Fact]
    public async Task A_target_asks_its_own_policy_when_it_is_activated()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.DepartAsync();
        move.Target.Region.Directory.Take(new DirectoryUpdate([], 2, ChinaOnly));
        Assert.IsType<StepAnswer.Refused>(await move.ActivateAsync());
        Assert.NotEqual(AccountState.Active, move.AtTarget.Row!.State);
    }

    [Fact]
    public async Task A_target_that_knows_an_older_policy_than_the_order_names_decides_nothing()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.DepartAsync();
        Assert.IsType<StepAnswer.NotNow>(await move.ActivateAsync(move.Deployment.Orders.Sign(move.Order with { PolicyRevision = 2 })));
        Assert.Equal(MoveOutcome.Arriving, MoveByHand.RecordIn(move.AtTarget, move.Order, MoveRole.Target)!.Outcome);
        Assert.IsType<StepAnswer.Activated>(await move.ActivateAsync());
    }

    [Fact]
    public async Task A_source_asks_its_own_policy_before_it_lets_a_target_follow()
    {
        await using var move = await MoveByHand.StartAsync();
        move.Source.Region.Directory.Take(new DirectoryUpdate([], 2, ChinaOnly));
        Assert.IsType<StepAnswer.NotNow>(await move.Source.PrepareAsync(move.Order, Stop));
        Assert.Null(move.AtSource.Row!.Pulling);
    }

    [Fact]
    public async Task An_activation_asked_for_again_is_answered_from_its_record_whatever_came_since()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SettleAsync();
        await move.WriteAsync(move.Target, new CreateBucket("since"));
        await move.Deployment.EncryptedAgainAsync(TestDeployment.Singapore, move.Order.Account);
        var row = move.AtTarget.Row;

        Assert.Equal(move.Arrival, Assert.IsType<StepAnswer.Activated>(await move.ActivateAsync()).Statement);
        var newer = move.Deployment.Orders.Sign(move.Order with { PolicyRevision = 9 });
        Assert.Equal(move.Arrival, Assert.IsType<StepAnswer.Activated>(await move.ActivateAsync(newer)).Statement);
        Assert.IsType<StepAnswer.Activated>(await move.Target.ArriveAsync(move.Order, Stop));
        Assert.IsType<StepAnswer.Activated>(await move.Target.DrainAsync(move.Order, 0, Stop));
        Assert.IsType<StepAnswer.Activated>(await move.Target.RefuseAsync(move.Order, "Too late.", Stop));
        Assert.Equal(row, move.AtTarget.Row);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // one that it never heard of
    public async Task A_refused_move_never_becomes_anything(bool isKnown)
    {
        await using var move = await MoveByHand.StartAsync();
        if (isKnown)
        {
            await move.SealAsync();
        }

        Assert.IsType<StepAnswer.Refused>(await move.Target.RefuseAsync(move.Order, "A test wants it.", Stop));
        Assert.Equal(MoveOutcome.Refused, MoveByHand.RecordIn(move.AtTarget, move.Order, MoveRole.Target)!.Outcome);
        Assert.IsType<StepAnswer.Refused>(await move.Target.ArriveAsync(move.Order, Stop));
        Assert.IsType<StepAnswer.Refused>(await move.Target.DrainAsync(move.Order, 0, Stop));
        Assert.IsType<StepAnswer.Refused>(await move.Target.ActivateAsync(move.Order, 0, [], [], Stop));
        Assert.NotEqual(AccountState.Arriving, move.AtTarget.Row?.State);
    }

    [Fact]
    public async Task A_region_does_not_refuse_a_move_that_arrives_from_elsewhere()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.CopyAsync();
        var claimed = move.Deployment.Orders.Sign(move.Order with { Source = RegionName.Parse("elsewhere") });
        Assert.IsType<StepAnswer.NotNow>(await move.Target.RefuseAsync(claimed, "A test lies.", Stop));
        Assert.Equal(AccountState.Arriving, move.AtTarget.Row!.State);
    }

    [Fact]
    public async Task A_refusal_of_another_move_leaves_the_one_that_arrives_alone()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.CopyAsync();
        var other = move.OrderOf(2, epoch: 1, TestDeployment.Beijing, TestDeployment.Singapore);
        Assert.IsType<StepAnswer.Refused>(await move.Target.RefuseAsync(other, "A test wants it.", Stop));
        Assert.Equal((AccountState.Arriving, move.Order.Move), (move.AtTarget.Row!.State, move.AtTarget.Row.Move));
    }

    // Goal: a tombstone is one again after a move back to it was refused, and names the home as before.
    [Fact]
    public async Task A_refused_arrival_leaves_the_row_as_it_was()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SettleAsync();
        Assert.IsType<StepAnswer.Erased>(await move.Source.EraseAsync(move.Order, move.Arrival, Stop));
        var tombstone = move.AtSource.Row!;
        var back = move.OrderOf(2, epoch: 3, RegionName.Parse("elsewhere"), TestDeployment.Beijing);
        Assert.IsType<StepAnswer.Arriving>(await move.Source.ArriveAsync(back, Stop));

        Assert.IsType<StepAnswer.Refused>(await move.Source.RefuseAsync(back, "A test wants it.", Stop));
        await MoveByHand.UntilAsync(move.AtSource, now => !now.HasData);
        var row = move.AtSource.Row!;
        Assert.Equal(
            (tombstone.State, tombstone.Epoch, tombstone.Peer, tombstone.Move, 0L, 0L),
            (row.State, row.Epoch, row.Peer, row.Move, row.Cursor, row.Seq));
    }

    [Fact]
    public async Task A_region_that_still_has_data_of_the_account_does_not_become_its_target()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SettleAsync();
        var back = move.OrderOf(2, epoch: 2, TestDeployment.Singapore, TestDeployment.Beijing);
        Assert.IsType<StepAnswer.Prepared>(await move.Target.PrepareAsync(back, Stop));
        Assert.IsType<StepAnswer.Refused>(await move.Source.ArriveAsync(back, Stop));
        Assert.Equal(AccountState.Departed, move.AtSource.Row!.State);
    }

    [Fact]
    public async Task A_region_where_the_account_lives_does_not_become_its_target()
    {
        await using var move = await MoveByHand.StartAsync();
        var order = move.OrderOf(2, epoch: 1, TestDeployment.Singapore, TestDeployment.Beijing);
        await MoveByHand.PutRowAsync(move.AtSource, row => row with { HasData = false });
        Assert.IsType<StepAnswer.Refused>(await move.Source.ArriveAsync(order, Stop));
        Assert.Equal(AccountState.Active, move.AtSource.Row!.State);
    }

    // Goal: a new move begins with nothing, whatever the row says of what was there.
    [Fact]
    public async Task An_arrival_begins_at_cursor_0_with_an_empty_digest_and_stays_where_it_is_when_asked_again()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SettleAsync();
        Assert.IsType<StepAnswer.Erased>(await move.Source.EraseAsync(move.Order, move.Arrival, Stop));
        await MoveByHand.PutRowAsync(move.AtSource, row => row with { Cursor = 7 });
        await move.AtSource.WriteAsync(
            transaction =>
            {
                transaction.SetSeqAndDigest(5, Enumerable.Repeat((byte)1, Domicile.Proofs.SetDigest.LengthBytes).ToArray());
                return true;
            },
            Stop);
        var back = move.OrderOf(2, epoch: 2, TestDeployment.Singapore, TestDeployment.Beijing);
        var links = move.Source.Region.Links;
        var region = move.Source.Region with { Links = new ScriptedSource(links, _ => []) };
        await using var pulls = new ArrivalPulls(region, NullLogger<ArrivalPulls>.Instance);
        await using var role = new TargetRole(region, pulls, NullLogger<TargetRole>.Instance);

        Assert.IsType<StepAnswer.Arriving>(await role.ArriveAsync(back, Stop));
        var row = move.AtSource.Row!;
        Assert.Equal((0, 0), (row.Cursor, row.Seq));
        Assert.True(row.Digest.Span.SequenceEqual(new byte[Domicile.Proofs.SetDigest.LengthBytes]));

        await MoveByHand.PutRowAsync(move.AtSource, before => before with { Cursor = 1 });
        Assert.Equal(1, Assert.IsType<StepAnswer.Arriving>(await role.ArriveAsync(back, Stop)).Cursor);
    }

    [Fact]
    public async Task A_drain_is_answered_only_for_the_move_that_arrives()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.CopyAsync();
        var other = move.OrderOf(2, epoch: 1, TestDeployment.Beijing, TestDeployment.Singapore);
        Assert.IsType<StepAnswer.NotNow>(await move.Target.DrainAsync(other, 0, Stop));
        await MoveByHand.PutRowAsync(move.AtTarget, row => row with { State = AccountState.Departed });
        Assert.IsType<StepAnswer.NotNow>(await move.Target.DrainAsync(move.Order, 0, Stop));
    }
}
