using Domicile.Accounts;
using Domicile.Moves;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>
/// What other regions say of homes (docs/protocols/move.md, "Who may say what"): the liar is a home that lost an account, or
/// any region that a request was relayed to.
/// </summary>
public sealed class HintTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private static readonly RegionName California = RegionName.Parse("california");

    // Beijing hears that the account is in Singapore, in epoch 1; Singapore, to which it relays, says otherwise.
    private static async Task<(RegionNode Node, AccountProfile Account)> BeginAsync(TestDeployment deployment)
    {
        var account = Profile();
        var node = deployment.Node(TestDeployment.Beijing);
        node.Region.Directory.Take(
            new DirectoryUpdate([new DirectoryEntry(account, TestDeployment.Singapore, 1, 1)], 1, null, [.. Regions]));
        Assert.Equal(new Route.Forward(TestDeployment.Singapore), await RouteAsync(node, account));
        return (node, account);
    }

    [Fact]
    public async Task The_next_epochs_home_is_taken_for_routing_and_for_nothing_else()
    {
        await using var deployment = await TestDeployment.StartAsync(withCalifornia: true);
        var (node, account) = await BeginAsync(deployment);

        await node.Gateway.LearnAsync(account.Id, TestDeployment.Singapore, California, 2, Stop);

        Assert.Equal(new Route.Forward(California), await RouteAsync(node, account));
        Assert.Equal(1, node.Region.Directory.Find(account.Id)!.Epoch);
    }

    // A lie of an epoch far ahead is asked of control instead, which here says nothing.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(long.MaxValue)]
    public async Task No_other_epoch_than_the_next_is_believed(long epoch)
    {
        await using var deployment = await TestDeployment.StartAsync(withCalifornia: true);
        var (node, account) = await BeginAsync(deployment);

        await node.Gateway.LearnAsync(account.Id, TestDeployment.Singapore, California, epoch, Stop);

        Assert.Equal(new Route.Forward(TestDeployment.Singapore), await RouteAsync(node, account));
    }

    [Fact]
    public async Task Only_the_region_that_was_believed_to_be_the_home_is_believed()
    {
        await using var deployment = await TestDeployment.StartAsync(withCalifornia: true);
        var (node, account) = await BeginAsync(deployment);

        await node.Gateway.LearnAsync(account.Id, California, California, 2, Stop);

        Assert.Equal(new Route.Forward(TestDeployment.Singapore), await RouteAsync(node, account));
    }

    [Fact]
    public async Task A_region_that_does_not_exist_is_no_home()
    {
        await using var deployment = await TestDeployment.StartAsync(withCalifornia: true);
        var (node, account) = await BeginAsync(deployment);

        await node.Gateway.LearnAsync(account.Id, TestDeployment.Singapore, RegionName.Parse("atlantis"), 2, Stop);

        Assert.Equal(new Route.Forward(TestDeployment.Singapore), await RouteAsync(node, account));
    }

    [Fact]
    public async Task Control_overrules_a_hint_of_the_same_epoch()
    {
        await using var deployment = await TestDeployment.StartAsync(withCalifornia: true);
        var (node, account) = await BeginAsync(deployment);
        await node.Gateway.LearnAsync(account.Id, TestDeployment.Singapore, California, 2, Stop);

        node.Region.Directory.Take(new DirectoryUpdate([new DirectoryEntry(account, TestDeployment.Singapore, 2, 2)], 1, null));

        Assert.Equal(new Route.Forward(TestDeployment.Singapore), await RouteAsync(node, account));
    }

    [Fact]
    public async Task A_home_serves_whatever_others_say_of_it()
    {
        await using var deployment = await TestDeployment.StartAsync(withCalifornia: true);
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var node = deployment.Node(TestDeployment.Beijing);
        node.Region.Directory.Take(new DirectoryUpdate([new DirectoryEntry(account, TestDeployment.Beijing, 1, 1)], 1, null));

        await node.Gateway.LearnAsync(account.Id, TestDeployment.Beijing, California, 2, Stop);
        await node.Gateway.LearnAsync(account.Id, California, California, 2, Stop);

        var here = Assert.IsType<Route.Here>(await RouteAsync(node, account));
        await here.Copy.DisposeAsync();
        Assert.DoesNotContain(await node.ExamineAsync(Stop), finding => finding.Status == "error");
    }

    [Fact]
    public void Hints_end_by_themselves_and_the_oldest_go_where_there_are_too_many()
    {
        var time = new ManualTime();
        var hints = new HomeHints(time);
        var (first, last) = (Profile().Id, Profile().Id);
        hints.Put(first, California, 2);
        time.Advance(MoveLimits.HintLasts - TimeSpan.FromTicks(1));
        Assert.True(hints.TryFind(first, out _));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.False(hints.TryFind(first, out _));

        for (var i = 0; i < MoveLimits.HintsMax; i++)
        {
            hints.Put(AccountId.FromRandom([.. BitConverter.GetBytes((long)i), 0, 0]), California, 2);
        }

        hints.Put(last, California, 2);
        Assert.Equal(MoveLimits.HintsMax, hints.Count);
        Assert.False(hints.TryFind(first, out _));
        Assert.True(hints.TryFind(last, out _));
    }

    private static IEnumerable<RegionName> Regions => [TestDeployment.Beijing, TestDeployment.Singapore, California];

    private static AccountProfile Profile()
        => new(AccountId.FromRandom(System.Security.Cryptography.RandomNumberGenerator.GetBytes(10)), Country.Parse("IN"), null);

    private static ValueTask<Route> RouteAsync(RegionNode node, AccountProfile account)
        => node.Gateway.RouteAsync(account.Id, isWrite: false, Stop);
}
