using System.IO.Pipelines;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>The rules of docs/protocols/move.md at the source: each test fails when its check alone is taken out.</summary>
public sealed class SourceRuleTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(nameof(AccountState.Sealed))]
    [InlineData(nameof(AccountState.Departing))]
    [InlineData(nameof(AccountState.Departed))]
    [InlineData(nameof(AccountState.Arriving))]
    public async Task Only_an_active_account_is_prepared(string name)
    {
        var state = Enum.Parse<AccountState>(name);
        await using var move = await MoveByHand.StartAsync();
        await MoveByHand.PutRowAsync(move.AtSource, row => row with { State = state });
        Assert.IsType<StepAnswer.NotNow>(await move.Source.PrepareAsync(move.Order, Stop));
        Assert.Null(move.AtSource.Row!.Pulling);
    }

    [Fact]
    public async Task A_move_of_another_epoch_is_not_prepared()
    {
        await using var move = await MoveByHand.StartAsync();
        Assert.IsType<StepAnswer.NotNow>(await move.Source.PrepareAsync(move.OrderOf(1, epoch: 2, TestDeployment.Beijing, TestDeployment.Singapore), Stop));
        Assert.Null(move.AtSource.Row!.Pulling);
    }

    [Fact]
    public async Task While_a_move_is_prepared_no_other_is()
    {
        await using var move = await MoveByHand.StartAsync();
        Assert.IsType<StepAnswer.Prepared>(await move.Source.PrepareAsync(move.Order, Stop));
        var other = move.OrderOf(2, epoch: 1, TestDeployment.Beijing, TestDeployment.Singapore);
        Assert.IsType<StepAnswer.NotNow>(await move.Source.PrepareAsync(other, Stop));
        Assert.Equal(move.Order.Move, move.AtSource.Row!.Pulling);
    }

    [Fact]
    public async Task A_move_that_went_back_is_neither_prepared_nor_sealed_nor_departed_again()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SealAsync();
        Assert.IsType<StepAnswer.Refused>(await move.Target.RefuseAsync(move.Order, "A test wants it.", Stop));
        Assert.IsType<StepAnswer.Unsealed>(await move.Source.UnsealAsync(move.Order, Stop));

        Assert.IsType<StepAnswer.Ended>(await move.Source.PrepareAsync(move.Order, Stop));
        Assert.IsType<StepAnswer.Ended>(await move.Source.SealAsync(move.Order, Stop));
        Assert.IsType<StepAnswer.Ended>(await move.Source.DepartAsync(move.Order, Stop));
        Assert.Equal(AccountState.Active, move.AtSource.Row!.State);
    }

    [Fact]
    public async Task Deletions_before_a_move_was_prepared_are_not_in_its_feed()
    {
        await using var move = await MoveByHand.StartAsync();
        var other = move.OrderOf(2, epoch: 1, TestDeployment.Beijing, TestDeployment.Singapore);
        await move.Source.PrepareAsync(other, Stop);
        await move.WriteAsync(move.Source, new DeleteBucket("photos"));
        await MoveByHand.PutRowAsync(move.AtSource, row => row with { Pulling = null });

        Assert.IsType<StepAnswer.Prepared>(await move.Source.PrepareAsync(move.Order, Stop));
        var feed = move.AtSource.Read(sql => ChangeFeed.Read(sql, move.Account.Id, 0, 100, 1 << 20));
        Assert.DoesNotContain(feed.Changes, change => change.IsDeleted);
    }

    [Fact]
    public async Task Only_the_move_that_is_prepared_is_sealed()
    {
        await using var move = await MoveByHand.StartAsync();
        Assert.IsType<StepAnswer.NotNow>(await move.Source.SealAsync(move.Order, Stop));
        var other = move.OrderOf(2, epoch: 1, TestDeployment.Beijing, TestDeployment.Singapore);
        await move.Source.PrepareAsync(other, Stop);
        Assert.IsType<StepAnswer.NotNow>(await move.Source.SealAsync(move.Order, Stop));
        Assert.Equal(AccountState.Active, move.AtSource.Row!.State);
    }

    [Fact]
    public async Task A_seal_of_another_epoch_changes_nothing()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.Source.PrepareAsync(move.Order, Stop);
        Assert.IsType<StepAnswer.NotNow>(await move.Source.SealAsync(move.OrderOf(1, epoch: 2, TestDeployment.Beijing, TestDeployment.Singapore), Stop));
        Assert.Equal(AccountState.Active, move.AtSource.Row!.State);
    }

    [Theory]
    [InlineData(nameof(AccountState.Departing))]
    [InlineData(nameof(AccountState.Departed))]
    [InlineData(nameof(AccountState.Arriving))]
    public async Task Only_an_active_account_is_sealed(string name)
    {
        var state = Enum.Parse<AccountState>(name);
        await using var move = await MoveByHand.StartAsync();
        await move.Source.PrepareAsync(move.Order, Stop);
        await MoveByHand.PutRowAsync(move.AtSource, row => row with { State = state });
        Assert.IsType<StepAnswer.NotNow>(await move.Source.SealAsync(move.Order, Stop));
        Assert.Equal(state, move.AtSource.Row!.State);
    }

    [Theory]
    [InlineData("state")]
    [InlineData("move")]
    [InlineData("record")]
    public async Task Only_what_is_sealed_by_this_move_departs(string differing)
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SealAsync();
        await DifferAsync(move, differing);
        var before = move.AtSource.Row!.State;
        Assert.IsType<StepAnswer.NotNow>(await move.Source.DepartAsync(move.Order, Stop));
        Assert.Equal(before, move.AtSource.Row!.State);
    }

    [Theory]
    [InlineData("state")]
    [InlineData("move")]
    [InlineData("record")]
    public async Task Only_what_departs_in_this_move_is_settled(string differing)
    {
        await using var move = await MoveByHand.StartAsync();
        await move.DepartAsync();
        await DifferAsync(move, differing);
        var before = move.AtSource.Row!.State;
        Assert.IsType<StepAnswer.NotNow>(await move.Source.SettleAsync(move.Order, Stop));
        Assert.Equal(before, move.AtSource.Row!.State);
    }

    [Fact]
    public async Task Only_the_move_that_sealed_an_account_unseals_it()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SealAsync();
        var other = move.OrderOf(2, epoch: 1, TestDeployment.Beijing, TestDeployment.Singapore);
        Assert.IsType<StepAnswer.Unsealed>(await move.Source.UnsealAsync(other, Stop));
        Assert.Equal(AccountState.Sealed, move.AtSource.Row!.State);
    }

    // Goal: what was sealed by a move and has departed since is not woken up by its unseal.
    [Fact]
    public async Task Only_what_is_sealed_or_departing_is_unsealed()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SealAsync();
        await MoveByHand.PutRowAsync(move.AtSource, row => row with { State = AccountState.Departed });
        Assert.IsType<StepAnswer.Unsealed>(await move.Source.UnsealAsync(move.Order, Stop));
        Assert.Equal(AccountState.Departed, move.AtSource.Row!.State);
    }

    [Fact]
    public async Task A_move_that_has_departed_can_not_be_unsealed()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SettleAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => move.Source.UnsealAsync(move.Order, Stop));
        Assert.Equal(MoveOutcome.Departed, MoveByHand.RecordIn(move.AtSource, move.Order, MoveRole.Source)!.Outcome);
        Assert.Equal(AccountState.Departed, move.AtSource.Row!.State);
    }

    [Fact]
    public async Task Nothing_is_erased_before_the_account_has_departed()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.DepartAsync();
        var arrival = Assert.IsType<StepAnswer.Activated>(await move.ActivateAsync()).Statement;
        Assert.IsType<StepAnswer.NotNow>(await move.Source.EraseAsync(move.Order, arrival, Stop));
        Assert.NotNull(move.AtSource.Ring);
    }

    [Fact]
    public async Task Nothing_is_erased_without_the_targets_signed_arrival_in_this_very_move()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SettleAsync();
        Assert.IsType<StepAnswer.NotNow>(await move.Source.EraseAsync(move.Order, [], Stop));
        Assert.IsType<StepAnswer.NotNow>(await move.Source.EraseAsync(move.Order, move.Departure, Stop));
        Assert.IsType<StepAnswer.NotNow>(await move.Source.EraseAsync(move.Order, ArrivalOf(move, move.Order with
        {
            Move = Guid.Parse("00000000-0000-0000-0000-000000000009"),
        }), Stop));
        Assert.IsType<StepAnswer.NotNow>(
            await move.Source.EraseAsync(move.Order, ArrivalOf(move, move.OrderOf(1, epoch: 2, TestDeployment.Beijing, TestDeployment.Singapore)), Stop));
        Assert.NotNull(move.AtSource.Ring);
        Assert.IsType<StepAnswer.Erased>(await move.Source.EraseAsync(move.Order, move.Arrival, Stop));
    }

    [Fact]
    public async Task An_erasure_asked_for_again_is_answered_from_its_record()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SettleAsync();
        var first = Assert.IsType<StepAnswer.Erased>(await move.Source.EraseAsync(move.Order, move.Arrival, Stop));
        var commits = move.AtSource.CommitCount;
        var second = Assert.IsType<StepAnswer.Erased>(await move.Source.EraseAsync(move.Order, move.Arrival, Stop));
        Assert.Equal(first.Statement, second.Statement);
        Assert.Equal(commits, move.AtSource.CommitCount);
    }

    // Goal: who still reads is waited for. Method: the clock stands but for the bound of the answer.
    [Fact]
    public async Task Erasing_waits_for_an_open_read()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SettleAsync();
        var time = new ManualTime();
        var role = new SourceRole(move.Source.Region with { Time = time }, Stop);
        using (move.AtSource.HoldOpen())
        {
            var asked = role.EraseAsync(move.Order, move.Arrival, Stop);
            time.Advance(MoveLimits.EraseAnswerMax);
            Assert.IsType<StepAnswer.Erasing>(await asked);
            Assert.NotNull(move.AtSource.Ring);
        }

        Assert.IsType<StepAnswer.Erased>(await role.EraseAsync(move.Order, move.Arrival, Stop));
        Assert.Null(move.AtSource.Ring);
    }

    [Theory]
    [InlineData("another epoch")]
    [InlineData("another move")]
    [InlineData("departed")]
    public async Task The_stream_is_only_for_the_prepared_move_in_its_epoch_while_the_account_is_here(string differing)
    {
        await using var move = await MoveByHand.StartAsync();
        await move.Source.PrepareAsync(move.Order, Stop);
        if (differing == "departed")
        {
            await MoveByHand.PutRowAsync(move.AtSource, row => row with { State = AccountState.Departed });
        }

        var order = differing switch
        {
            "another epoch" => move.OrderOf(1, epoch: 2, TestDeployment.Beijing, TestDeployment.Singapore),
            "another move" => move.OrderOf(2, epoch: 1, TestDeployment.Beijing, TestDeployment.Singapore),
            _ => move.Order,
        };
        var pipe = new Pipe();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var box = new SecretBox();
        var streaming = move.Source.Changes.StreamAsync(order, order.Target, 0, box.PublicKey, pipe.Writer, end.Token);
        await using var input = pipe.Reader.AsStream();
        Assert.IsType<StreamFrame.End>(await ChangeStream.ReadAsync(input.ReadExactlyAsync, Stop));
        await streaming;
    }

    // Goal: a source that can't learn what became of its move stays as it is: nothing is decided without an answer.
    [Fact]
    public async Task A_source_goes_back_only_with_the_targets_word()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.DepartAsync();
        var cut = move.Source.Region with { Links = new NoLinks() };
        var watch = new SourceWatch(
            cut, new SourceRole(cut, Stop), Microsoft.Extensions.Logging.Abstractions.NullLogger<SourceWatch>.Instance);
        await watch.AskAsync(move.Order, Stop);
        Assert.Equal(AccountState.Departing, move.AtSource.Row!.State);
    }

    // A row or record that no message leaves there: what stands before the check is out of the way.
    private static Task DifferAsync(MoveByHand move, string what)
        => what switch
        {
            "state" => MoveByHand.PutRowAsync(move.AtSource, row => row with { State = AccountState.Active }),
            "move" => MoveByHand.PutRowAsync(
                move.AtSource, row => row with { Move = Guid.Parse("00000000-0000-0000-0000-000000000009") }),
            _ => move.AtSource.WriteAsync(
                transaction =>
                {
                    transaction.Sql.Execute("DELETE FROM move_record");
                    return true;
                },
                Stop),
        };

    private static byte[] ArrivalOf(MoveByHand move, MoveOrder order)
        => move.Target.Region.Sign(order, new Domicile.Proofs.Statements.MoveArrival(
            order.Move, move.Target.Region.Claim, order.Source.Value, order.Epoch, order.Epoch + 1, 1,
            RegionContext.Sha256Hex([]), 0, 0, DateTimeOffset.UnixEpoch, RegionContext.Sha256Hex([])));

    /// <summary>Every other region is out of reach.</summary>
    private sealed class NoLinks : IRegionLinks
    {
        public IRegionLink To(RegionName region) => throw new RegionUnreachableException(region, "a test cut the link");

        public Task<DirectoryEntry?> AskControlAsync(AccountId account, CancellationToken cancellationToken)
            => Task.FromResult<DirectoryEntry?>(null);
    }
}
