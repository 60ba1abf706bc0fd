using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Proofs;
using Domicile.Proofs.Statements;
using Domicile.Storage;
using Xunit;
using Move = Domicile.Moves.Move;

namespace Domicile.Tests.Moves;

/// <summary>
/// What an erasure does with those who are still there when its patience is over, and what it signs. The patience here is
/// none: how long it is, ErasureTests says.
/// </summary>
public sealed class CutReaderTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_outlasts_the_patience_is_cut_and_nothing_is_signed_before_it_has_ended()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (source, copy, move) = await MoveUnderAReaderAsync(deployment);
        await using var upload = copy.StageContent();
        await upload.WriteAsync(new byte[1 << 20], Stop);
        var role = new SourceRole(Impatient(source, cutMax: TimeSpan.FromMinutes(10)));

        var erasing = role.EraseAsync(deployment.Orders.Sign(move.Order), move.Arrival!, Stop);
        await CancelledAsync(copy.Cut);
        Assert.False(erasing.IsCompleted);
        Assert.NotNull(copy.Store.Ring);
        await upload.DisposeAsync();
        await copy.DisposeAsync();

        var said = ErasureIn(Assert.IsType<StepAnswer.Erased>(await erasing).Statement);
        Assert.Equal(new ErasureCheck(0, 0, 0, KeyForgotten: true, ReadersEnded: 0, ReadersCut: 1), said.Check);
        Assert.True(copy.Store.HasForgottenKey);
    }

    [Fact]
    public async Task While_someone_who_was_cut_does_not_end_nothing_is_erased()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (source, copy, move) = await MoveUnderAReaderAsync(deployment);
        var role = new SourceRole(Impatient(source, cutMax: TimeSpan.Zero));

        var refused = await Assert.ThrowsAsync<RegionRefusedException>(() => role.EraseAsync(deployment.Orders.Sign(move.Order), move.Arrival!, Stop));
        Assert.Contains("still have account", refused.Reason, StringComparison.Ordinal);
        Assert.NotNull(copy.Store.Ring);
        Assert.True(copy.Store.Row!.HasData);

        await copy.DisposeAsync();
        Assert.IsType<StepAnswer.Erased>(await role.EraseAsync(deployment.Orders.Sign(move.Order), move.Arrival!, Stop));
    }

    /// <summary>
    /// Goal: an erasure that is begun again says the whole, and one that left a file open signs nothing. Method: a file of the
    /// account is open when the first comes to its end; a new role, which remembers nothing, asks again.
    /// </summary>
    [Fact]
    public async Task An_erasure_that_goes_on_says_what_there_was_before_it_began()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (source, copy, move) = await MoveUnderAReaderAsync(deployment);
        await copy.DisposeAsync();
        var left = Directory.CreateDirectory(Path.Combine(copy.Store.Directory, "contents", "xx")).FullName;
        using (File.Create(Path.Combine(left, "left")))
        {
            var refused = await Assert.ThrowsAsync<RegionRefusedException>(
                () => new SourceRole(source.Region).EraseAsync(deployment.Orders.Sign(move.Order), move.Arrival!, Stop));
            Assert.Contains("1 open files", refused.Reason, StringComparison.Ordinal);
        }

        Assert.Null(copy.Store.Ring);
        Assert.Equal(0, copy.Store.Read(sql => AccountStore.CountRows(sql, copy.Account)));
        var again = await new SourceRole(source.Region).EraseAsync(deployment.Orders.Sign(move.Order), move.Arrival!, Stop);

        // A bucket, a version, its content and an access key.
        var said = ErasureIn(Assert.IsType<StepAnswer.Erased>(again).Statement);
        Assert.Equal((4, 1, 40_000), (said.Rows, said.Contents, said.Bytes));
        Assert.Null(copy.Store.Read(sql => ErasureIntent.Find(sql, copy.Account)));
    }

    [Fact]
    public async Task Erasing_for_good_cuts_too()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var source = deployment.Node(TestDeployment.Beijing);
        var profile = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var copy = await OpenAsync(source, profile);

        var erasing = AccountEnd.RunAsync(
            Impatient(source, cutMax: TimeSpan.FromMinutes(10)), profile.Id, 1, new byte[32], Stop);
        await CancelledAsync(copy.Cut);
        Assert.False(erasing.IsCompleted);
        await copy.DisposeAsync();

        Assert.Equal(new ErasureCheck(0, 0, 0, true, 0, 1), ErasureIn(await erasing).Check);
    }

    // Goal: a target that takes nothing any more keeps no erasure waiting: its stream is cut like a reader.
    [Fact]
    public async Task A_stream_of_changes_is_cut_too()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var source = deployment.Node(TestDeployment.Beijing);
        var profile = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var order = deployment.Orders.Sign(new MoveOrder(
            Guid.Parse("00000000-0000-0000-0000-000000000001"), profile, 1, TestDeployment.Beijing, TestDeployment.Singapore,
            1, new byte[32]));
        Assert.IsType<StepAnswer.Prepared>(await source.PrepareAsync(order, Stop));
        using var box = new SecretBox();
        var streaming = source.Changes.StreamAsync(
            order, TestDeployment.Singapore, 0, box.PublicKey, new System.IO.Pipelines.Pipe().Writer, CancellationToken.None);
        var store = source.Region.Storage.Find(profile.Id)!;

        Assert.Equal(new HoldsEnd(0, 1), await store.EndHoldsAsync(TimeSpan.Zero, TimeSpan.FromMinutes(10), Stop));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => streaming);
    }

    // A move that has come to step 8, and a request that has been open since before it.
    private static async Task<(RegionNode Source, AccountCopy Copy, Move Move)> MoveUnderAReaderAsync(
        TestDeployment deployment)
    {
        var source = deployment.Node(TestDeployment.Beijing);
        var profile = await deployment.AddAccountAsync(TestDeployment.Beijing);
        Assert.IsType<CommandResult.Done>(await source.ExecuteAsync(profile.Id, new CreateBucket("photos"), Stop));
        var copy = await OpenAsync(source, profile);
        await using (var content = copy.StageContent())
        {
            await content.WriteAsync(new byte[40_000], Stop);
            var staged = await content.CompleteAsync(Stop);
            var put = new PutObject(
                "photos", "k", staged, "e", new ObjectHeaders(), [], new Dictionary<string, string>(), WriteConditions.None);
            Assert.IsType<CommandResult.ObjectWritten>(await source.ExecuteAsync(profile.Id, put, Stop));
            content.Adopted();
        }

        var erase = new TaskCompletionSource();
        deployment.Break = (region, call) =>
        {
            if (call == "erase")
            {
                erase.TrySetResult();
                throw new RegionUnreachableException(region, "the test asks itself");
            }
        };
        var desk = deployment.OpenDesk();
        var accepted = Assert.IsType<MoveRequestResult.Accepted>(await desk.RequestAsync(
            TestDeployment.Request(profile, TestDeployment.Beijing, TestDeployment.Singapore), Stop));
        await erase.Task.WaitAsync(Stop);
        var move = desk.Find(accepted.Move.Id)!;
        await desk.DisposeAsync();
        return (source, copy, move);
    }

    private static RegionContext Impatient(RegionNode node, TimeSpan cutMax)
        => node.Region with { Erasing = new ErasureBounds(TimeSpan.Zero, cutMax) };

    private static async Task<AccountCopy> OpenAsync(RegionNode node, AccountProfile profile)
        => Assert.IsType<Route.Here>(await node.Gateway.RouteAsync(profile.Id, isWrite: false, Stop)).Copy;

    private static Erasure ErasureIn(byte[] envelope)
    {
        Assert.True(DsseEnvelope.TryParse(envelope, out var parsed, out var problem), problem);
        Assert.True(parsed.TryReadStatement(out var statement, out problem), problem);
        return Assert.IsType<Erasure>(statement.Predicate);
    }

    private static async Task CancelledAsync(CancellationToken token)
    {
        var cancelled = new TaskCompletionSource();
        await using var given = token.UnsafeRegister(static one => ((TaskCompletionSource)one!).TrySetResult(), cancelled);
        await cancelled.Task.WaitAsync(Stop);
    }
}
