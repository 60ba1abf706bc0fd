using System.IO.Pipelines;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>Both ends of a move's stream. Each was found by the simulation in tests/Domicile.Simulation.</summary>
public sealed class PullTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    // Goal: a target that has everything and begins its pull anew, as after a crash, learns so, and the move goes on.
    // Method: a stream that has nothing to send, by a clock that stands still, as it does for a wait that commits end again
    // and again: control asks for a step several times a second, and each question is a commit.
    [Fact]
    public async Task A_stream_that_has_nothing_to_send_says_at_once_where_the_source_stands()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var source = deployment.Node(TestDeployment.Beijing);
        var order = OrderOf(deployment, await deployment.AddAccountAsync(TestDeployment.Beijing));
        Assert.IsType<StepAnswer.Prepared>(await source.PrepareAsync(order, Stop));
        var seq = source.Region.Storage.Find(order.Account)!.Row!.Seq;

        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var box = new SecretBox();
        var pipe = new Pipe();
        var changes = new ChangeSource(source.Region with { Time = new StillTime() });
        var streaming = changes.StreamAsync(order, TestDeployment.Singapore, seq, box.PublicKey, pipe.Writer, end.Token);
        await using var input = pipe.Reader.AsStream();
        Assert.IsType<StreamFrame.Key>(await ChangeStream.ReadAsync(input.ReadExactlyAsync, Stop));
        Assert.Equal(new StreamFrame.Heartbeat(seq), await ChangeStream.ReadAsync(input.ReadExactlyAsync, Stop));

        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => streaming);
    }

    // Goal: a question whose asker has gone ends at once, and keeps no processor busy until its time is over.
    [Fact]
    public async Task A_question_for_progress_ends_with_its_asker()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var target = deployment.Node(TestDeployment.Singapore);
        var order = OrderOf(deployment, await deployment.AddAccountAsync(TestDeployment.Beijing));
        await using var pulls = new ArrivalPulls(target.Region, NullLogger<ArrivalPulls>.Instance);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => pulls.WaitForProgressAsync(order, new CancellationToken(canceled: true)));
    }

    private static MoveOrder OrderOf(TestDeployment deployment, AccountProfile profile)
        => deployment.Orders.Sign(new MoveOrder(
            Guid.CreateVersion7(DateTimeOffset.UnixEpoch), profile, 1, TestDeployment.Beijing, TestDeployment.Singapore, 1,
            new byte[32]));

    /// <summary>No timer of it ever fires.</summary>
    private sealed class StillTime : TimeProvider
    {
        public override long GetTimestamp() => 0;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
            => System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
