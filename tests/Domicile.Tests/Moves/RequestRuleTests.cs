using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>Rules 6 to 8 and 11 of docs/protocols/move.md: what meets a client's request while its account moves.</summary>
public sealed class RequestRuleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_write_handed_over_twice_is_made_once_and_answered_the_same()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SettleAsync();
        await move.Deployment.EncryptedAgainAsync(TestDeployment.Singapore, move.Account.Id);
        var first = await HandOverAsync(move);
        var seq = move.AtTarget.Row!.Seq;
        Assert.Equal(first, await HandOverAsync(move));
        Assert.IsType<HandOverAnswer.Applied>(first);
        Assert.Equal(seq, move.AtTarget.Row!.Seq);
    }

    // Goal: only the region from which the account came hands writes over, and only those of that move and epoch.
    [Theory]
    [InlineData("elsewhere", 1, 2)]
    [InlineData("beijing", 2, 2)]
    [InlineData("beijing", 1, 1)]
    [InlineData("beijing", 1, 3)]
    public async Task A_write_is_handed_over_by_the_former_home_of_this_move_and_epoch_alone(
        string caller, int number, long epoch)
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SettleAsync();
        await move.Deployment.EncryptedAgainAsync(TestDeployment.Singapore, move.Account.Id);
        var seq = move.AtTarget.Row!.Seq;
        Assert.IsNotType<HandOverAnswer.Applied>(await HandOverAsync(move, caller, number, epoch));
        Assert.Equal(seq, move.AtTarget.Row!.Seq);
    }

    [Fact]
    public async Task A_write_is_not_handed_over_before_the_account_is_here()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.DepartAsync();
        Assert.IsType<HandOverAnswer.NotYet>(await HandOverAsync(move));
    }

    [Fact]
    public async Task A_write_is_not_handed_over_by_a_move_that_was_refused()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.DepartAsync();
        Assert.IsType<StepAnswer.Refused>(await move.Target.RefuseAsync(move.Order, "A test wants it.", Stop));
        Assert.IsType<HandOverAnswer.NotYet>(await HandOverAsync(move));
    }

    // Goal: in the epoch after the one that the move began it is too late, for ever.
    [Fact]
    public async Task A_write_handed_over_is_told_never_once_its_epoch_is_over()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SettleAsync();
        await MoveByHand.PutRowAsync(move.AtTarget, row => row with { State = AccountState.Departed });
        Assert.IsType<HandOverAnswer.Never>(await HandOverAsync(move));
        await MoveByHand.PutRowAsync(move.AtTarget, row => row with { State = AccountState.Active, Epoch = 4 });
        Assert.IsType<HandOverAnswer.Never>(await HandOverAsync(move));
    }

    [Fact]
    public async Task A_request_that_meets_an_arriving_account_follows_it_to_its_source()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.CopyAsync();
        var route = await move.Target.Gateway.RouteAsync(move.Account.Id, isWrite: false, Stop);
        Assert.Equal(TestDeployment.Beijing, Assert.IsType<Route.Forward>(route).Home);
    }

    [Fact]
    public async Task A_request_that_meets_a_departed_account_follows_it_to_its_new_home()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SettleAsync();
        var route = await move.Source.Gateway.RouteAsync(move.Account.Id, isWrite: false, Stop);
        Assert.Equal(TestDeployment.Singapore, Assert.IsType<Route.Forward>(route).Home);
    }

    // Goal: sealed, reads go on and writes wait; departing, both wait; and no wait is without a bound.
    [Fact]
    public async Task A_cut_over_holds_requests_for_a_bounded_time()
    {
        await using var move = await MoveByHand.StartAsync();
        var time = new ManualTime();
        var gateway = new AccountGateway(move.Source.Region with { Time = time });
        await move.SealAsync();
        var read = Assert.IsType<Route.Here>(await gateway.RouteAsync(move.Account.Id, isWrite: false, Stop));
        await read.Copy.DisposeAsync();
        var write = gateway.RouteAsync(move.Account.Id, isWrite: true, Stop).AsTask();
        Assert.False(write.IsCompleted);
        time.Advance(MoveLimits.WaitAtGatewayMax);
        Assert.IsType<Route.Busy>(await write.WaitAsync(Patience, Stop));

        Assert.IsType<StepAnswer.Drained>(await move.Target.DrainAsync(move.Order, move.Final!.FinalSeq, Stop));
        Assert.IsType<StepAnswer.Departing>(await move.Source.DepartAsync(move.Order, Stop));
        var late = gateway.RouteAsync(move.Account.Id, isWrite: false, Stop).AsTask();
        Assert.False(late.IsCompleted);
        time.Advance(MoveLimits.WaitAtGatewayMax);
        Assert.IsType<Route.Busy>(await late.WaitAsync(Patience, Stop));
    }

    // Goal: a copy that was seen readable stays until its reader has gone.
    [Fact]
    public async Task A_route_to_a_copy_holds_it_open()
    {
        await using var move = await MoveByHand.StartAsync();
        var here = Assert.IsType<Route.Here>(await move.Source.Gateway.RouteAsync(move.Account.Id, isWrite: false, Stop));
        Assert.Null(await move.AtSource.EndHoldsAsync(TimeSpan.Zero, TimeSpan.Zero, Stop));
        await here.Copy.DisposeAsync();
        Assert.Equal(new HoldsEnd(0, 0), await move.AtSource.EndHoldsAsync(TimeSpan.Zero, TimeSpan.Zero, Stop));
    }

    // Goal: the home goes by its own policy when a region relays, so a region that may not pass content on gets none.
    // Method: Beijing relays a request to the home, Singapore, before and after Singapore's policy keeps India out of China.
    [Fact]
    public async Task The_home_serves_no_region_through_which_its_policy_lets_nothing_pass()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.SettleAsync();
        var home = move.Target.Gateway;
        var before = Assert.IsType<Route.Here>(await home.RouteAsync(move.Account.Id, false, TestDeployment.Beijing, Stop));
        await before.Copy.DisposeAsync();
        move.Target.Region.Directory.Take(new DirectoryUpdate(
            [], 2,
            """
            version: 1
            rules:
              - name: India stays out of China
                when: { residence: "*" }
                avoid: { exposure: [CN], by: [location] }
                transit: refuse
            """));

        Assert.IsType<Route.Forbidden>(await home.RouteAsync(move.Account.Id, false, TestDeployment.Beijing, Stop));
        var own = Assert.IsType<Route.Here>(await home.RouteAsync(move.Account.Id, false, Stop));
        await own.Copy.DisposeAsync();
    }

    private static Task<HandOverAnswer> HandOverAsync(MoveByHand move, string caller = "beijing", int number = 1, long epoch = 2)
    {
        var id = move.OrderOf(number, epoch: 1, TestDeployment.Beijing, TestDeployment.Singapore).Move;
        var write = new HandOver(move.Account.Id, id, "an-attempt", epoch, TimeProvider.System.GetUtcNow(), move.ClientsWrite);
        return move.Target.HandOvers.TakeAsync(RegionName.Parse(caller), write, Stream.Null, Stop);
    }
}
