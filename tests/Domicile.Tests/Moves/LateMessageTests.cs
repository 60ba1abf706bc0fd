using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>
/// Messages of a former move that come late, into the next one. Each was found by the model in spec/, or by reading the code
/// against it.
/// </summary>
public sealed class LateMessageTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    // Goal: the next move's target hears of every deletion.
    // Method: the first move is over; the second is prepared; a bucket goes; the first's unseal comes once more.
    [Fact]
    public async Task A_late_unseal_does_not_take_the_deletions_from_the_next_move()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (source, _, profile, former, next) = await BeginSecondMoveAsync(deployment);
        await RunAsync(source, profile, new DeleteBucket("photos"));

        await source.UnsealAsync(former, Stop);

        var feed = Store(source, profile).Read(sql => ChangeFeed.Read(sql, profile.Id, 0, 100, 1 << 20));
        Assert.Contains(feed.Changes, change => change.IsDeleted);
        Assert.IsType<StepAnswer.Prepared>(await source.PrepareAsync(next, Stop));
    }

    // Goal: the target goes on following, whatever comes late.
    // Method: drain, activate and refuse of the former move come while the next one copies; then the source writes.
    [Fact]
    public async Task Late_questions_of_a_former_move_do_not_stop_the_next_ones_pull()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (source, target, profile, former, next) = await BeginSecondMoveAsync(deployment);
        Assert.IsType<StepAnswer.Arriving>(await target.ArriveAsync(next, Stop));

        Assert.IsType<StepAnswer.Refused>(await target.DrainAsync(former, 0, Stop));
        Assert.IsType<StepAnswer.Refused>(await target.ActivateAsync(former, 0, [], [], Stop));
        Assert.IsType<StepAnswer.Refused>(await target.RefuseAsync(former, "Late.", Stop));
        await RunAsync(source, profile, new CreateBucket("later"));

        var seq = Store(source, profile).Row!.Seq;
        await UntilAsync(target, profile, () => Store(target, profile).Row!.Cursor == seq);
    }

    // Goal: a source whose control has vanished frees itself, also where a former move's messages came late.
    [Fact]
    public async Task A_source_watches_over_its_move_though_a_former_ones_messages_come_late()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (source, _, profile, former, next) = await BeginSecondMoveAsync(deployment);
        var hurried = source.Region with { Time = new HurriedTime() };
        var role = new SourceRole(hurried); // not by the node, whose own watch would free it in the end
        var watch = new SourceWatch(hurried, role, NullLogger<SourceWatch>.Instance);
        watch.Watch(next);
        Assert.IsType<StepAnswer.Sealed>(await role.SealAsync(next, Stop));

        watch.Watch(former);
        watch.Forget(former);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var watching = watch.RunAsync(stop.Token);

        await UntilAsync(source, profile, () => Store(source, profile).Row!.State == AccountState.Active);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    // Goal: "never" is for ever. While a copy departs, its move may still be refused and its epoch come back.
    [Fact]
    public async Task A_departing_home_does_not_say_never_to_a_write_that_is_handed_over()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var profile = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var client = await SigningClient.OfAsync(deployment.Node(TestDeployment.Beijing), profile.Id);
        await using var desk = deployment.OpenDesk();
        var request = TestDeployment.Request(profile, TestDeployment.Beijing, TestDeployment.Singapore);
        var requested = Assert.IsType<MoveRequestResult.Accepted>(
            await desk.RequestAsync(request with { EraseAfter = TimeSpan.FromHours(1) }, Stop));
        for (var ticket = desk.ChangeCount; !desk.Find(requested.Move.Id)!.HasSettled; ticket = desk.ChangeCount)
        {
            await desk.ChangedSince(ticket, Stop);
        }

        var (home, former) = (deployment.Node(TestDeployment.Singapore), deployment.Node(TestDeployment.Beijing));
        var back = deployment.Orders.Sign(new MoveOrder(
            Guid.Parse("00000000-0000-0000-0000-000000000003"), profile, 2, TestDeployment.Singapore, TestDeployment.Beijing,
            1, new byte[32]));
        await home.PrepareAsync(back, Stop);
        await former.ArriveAsync(back, Stop);
        await home.SealAsync(back, Stop);
        Assert.IsType<StepAnswer.Departing>(await home.DepartAsync(back, Stop));
        var write = client.Sign("PUT", "/handed-over");
        var handOver = new HandOver(profile.Id, requested.Move.Id, "an-attempt", 2, TimeProvider.System.GetUtcNow(), write.Head);

        Assert.IsType<HandOverAnswer.NotYet>(await home.HandOvers.TakeAsync(TestDeployment.Beijing, handOver, Stream.Null, Stop));

        await former.RefuseAsync(back, "A test wants it.", Stop);
        await home.UnsealAsync(back, Stop);
        Assert.IsType<HandOverAnswer.Applied>(await home.HandOvers.TakeAsync(TestDeployment.Beijing, handOver, Stream.Null, Stop));
    }

    // Goal: the target decides by a policy that is no older than the one by which control sent the order.
    // Method: control has revision 2 when it sends, the target gets it, with its prohibition, after its first answer.
    [Fact]
    public async Task A_target_that_has_not_heard_of_the_newest_policy_waits_for_it()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var profile = await deployment.AddAccountAsync(TestDeployment.Beijing);
        deployment.Break = (_, call) =>
        {
            deployment.PolicyRevision = call == "depart" ? 2 : deployment.PolicyRevision;
            if (call == "activate answered")
            {
                deployment.Node(TestDeployment.Singapore).Region.Directory.Take(new DirectoryUpdate([], 2, ForbiddingPolicy));
            }
        };
        await using var desk = deployment.OpenDesk();
        var requested = Assert.IsType<MoveRequestResult.Accepted>(await desk.RequestAsync(
            TestDeployment.Request(profile, TestDeployment.Beijing, TestDeployment.Singapore), Stop));
        for (var ticket = desk.ChangeCount; !desk.Find(requested.Move.Id)!.IsOver; ticket = desk.ChangeCount)
        {
            await desk.ChangedSince(ticket, Stop);
        }

        Assert.Equal(MoveState.Aborted, desk.Find(requested.Move.Id)!.State);
    }

    // Goal: moves that begin with a new policy are not held up by its being on its way, and are judged by it.
    // Method: the source is asked to prepare by revision 2; it gets it, with its prohibition, after the question.
    [Fact]
    public async Task A_source_that_has_not_heard_of_the_newest_policy_waits_for_it()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (source, _, _, _, next) = await BeginSecondMoveAsync(deployment);

        var preparing = source.PrepareAsync(deployment.Orders.Sign(next with { PolicyRevision = 2 }), Stop);
        Assert.False(preparing.IsCompleted);
        source.Region.Directory.Take(new DirectoryUpdate([], 2, ForbiddingPolicy));

        Assert.Contains(
            "policy 2 says", Assert.IsType<StepAnswer.NotNow>(await preparing).Reason, StringComparison.Ordinal);
    }

    private const string ForbiddingPolicy =
        """
        version: 1
        rules:
          - name: Only China
            when: { residence: "*" }
            allow: { countries: [CN] }
        """;

    // A first move was prepared, refused and unsealed; the second is prepared.
    private static async Task<(RegionNode Source, RegionNode Target, AccountProfile Profile, MoveOrder Former, MoveOrder Next)>
        BeginSecondMoveAsync(TestDeployment deployment)
    {
        var profile = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var (source, target) = (deployment.Node(TestDeployment.Beijing), deployment.Node(TestDeployment.Singapore));
        await RunAsync(source, profile, new CreateBucket("photos"));
        var former = deployment.Orders.Sign(new MoveOrder(
            Guid.Parse("00000000-0000-0000-0000-000000000001"), profile, 1, TestDeployment.Beijing, TestDeployment.Singapore,
            1, new byte[32]));
        var next = deployment.Orders.Sign(former with { Move = Guid.Parse("00000000-0000-0000-0000-000000000002") });
        Assert.IsType<StepAnswer.Prepared>(await source.PrepareAsync(former, Stop));
        Assert.IsType<StepAnswer.Refused>(await target.RefuseAsync(former, "A test wants it.", Stop));
        Assert.IsType<StepAnswer.Unsealed>(await source.UnsealAsync(former, Stop));
        Assert.IsType<StepAnswer.Prepared>(await source.PrepareAsync(next, Stop));
        return (source, target, profile, former, next);
    }

    private static AccountStore Store(RegionNode node, AccountProfile profile) => node.Region.Storage.Find(profile.Id)!;

    private static async Task UntilAsync(RegionNode node, AccountProfile profile, Func<bool> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        var store = Store(node, profile);
        for (var ticket = store.CommitCount; !holds(); ticket = store.CommitCount)
        {
            await store.ChangedSince(ticket, limit.Token);
        }
    }

    private static async Task RunAsync(RegionNode node, AccountProfile profile, AccountCommand command)
        => Assert.IsNotType<CommandResult.Refused>(await node.ExecuteAsync(profile.Id, command, Stop));
}
