using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Storage;
using Domicile.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>What a target takes from a stream: batches at exactly its cursor, into exactly this move, up to the watermark.</summary>
public sealed class ArrivalRuleTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    // Goal: no gap in what the target has stored, also where what lies in it left no row, so that no digest tells.
    // Method: one stream has all, the next one a batch elsewhere that has no rows; the question after says what was stored.
    [Theory]
    [InlineData(+1)]
    [InlineData(-1)]
    public async Task A_batch_that_does_not_begin_at_the_cursor_is_not_stored(int gap)
    {
        await using var move = await MoveByHand.StartAsync();
        await move.Source.PrepareAsync(move.Order, Stop);
        var (key, all) = Whole(move);
        var cursor = all.Changes.CompleteUpTo;
        var apart = new StreamFrame.Batch(cursor + gap, cursor + 5, 0, new ChangeBatch([], cursor + 5));

        Assert.Equal(cursor, await StoredAfterAsync(move, [key, all], [apart]));
    }

    [Fact]
    public async Task A_batch_that_would_take_the_cursor_back_is_not_stored()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.Source.PrepareAsync(move.Order, Stop);
        var (key, all) = Whole(move);
        var cursor = all.Changes.CompleteUpTo;
        var back = new StreamFrame.Batch(cursor, cursor, 0, new ChangeBatch([], cursor - 1));

        Assert.Equal(cursor, await StoredAfterAsync(move, [key, all], [back]));
    }

    [Fact]
    public async Task The_watermark_of_a_batch_without_rows_moves_the_cursor()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.Source.PrepareAsync(move.Order, Stop);
        var (key, all) = Whole(move);
        var cursor = all.Changes.CompleteUpTo;
        var empty = new StreamFrame.Batch(cursor, cursor + 3, 0, new ChangeBatch([], cursor + 3));

        Assert.Equal(cursor + 3, await StoredAfterAsync(move, [key, all], [empty]));
    }

    // Goal: a pull that outlives its move brings nothing into the next one, neither key nor rows.
    // Method: the row is put by hand before the stream comes, since whoever begins the next move ends the former's pull.
    [Theory]
    [InlineData(nameof(AccountState.Arriving), 2, true)]
    [InlineData(nameof(AccountState.Arriving), 2, false)]
    [InlineData(nameof(AccountState.Departed), 1, true)]
    [InlineData(nameof(AccountState.Departed), 1, false)]
    public async Task A_stream_is_stored_only_while_the_account_arrives_in_its_move(string name, int number, bool hasKey)
    {
        var state = Enum.Parse<AccountState>(name);
        await using var move = await MoveByHand.StartAsync();
        await move.Source.PrepareAsync(move.Order, Stop);
        var (key, all) = Whole(move);
        var source = new ScriptedSource(move.Target.Region.Links, n => n == 0 ? [] : hasKey ? [key, all] : [all]);
        await using var target = await TargetOf.StartAsync(move, source);
        await source.AskedAfterAsync(0, Stop);
        target.Pulls.End(move.Order);
        await target.Pulls.EndedAsync(move.Account.Id);

        var other = move.OrderOf(number, epoch: 1, TestDeployment.Beijing, TestDeployment.Singapore).Move;
        await MoveByHand.PutRowAsync(target.Store, row => row with { State = state, Move = other });
        await using var late = new ArrivalPulls(target.Region, NullLogger<ArrivalPulls>.Instance);
        late.Begin(move.Order);
        await source.LeftAsync(1, Stop).WaitAsync(TimeSpan.FromSeconds(60), Stop);

        Assert.Null(target.Store.Ring);
        Assert.Equal(0, target.Store.Row!.Cursor);
    }

    // Goal: a source that sends what are no keys, or more than an account can have, leaves none here; the stream ends.
    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(16 * 32)]
    public async Task A_frame_that_has_no_keys_or_too_many_is_refused(int lengthBytes)
    {
        await using var move = await MoveByHand.StartAsync();
        await move.Source.PrepareAsync(move.Order, Stop);
        var source = new ScriptedSource(
            move.Target.Region.Links, n => n == 0 ? [new StreamFrame.Key(new byte[lengthBytes])] : []);
        await using var target = await TargetOf.StartAsync(move, source);

        await source.LeftAsync(0, Stop).WaitAsync(TimeSpan.FromSeconds(60), Stop);

        Assert.Null(target.Store.Ring);
    }

    // Goal: keys that come again, other ones, change nothing: the first opened what was stored.
    [Fact]
    public async Task The_keys_that_came_first_stay()
    {
        await using var move = await MoveByHand.StartAsync();
        await move.Source.PrepareAsync(move.Order, Stop);
        var (first, second) = (RandomNumberGenerator.GetBytes(15 * 32), RandomNumberGenerator.GetBytes(32));
        var end = new StreamFrame.End("A test ends it.");
        var source = new ScriptedSource(
            move.Target.Region.Links,
            n => n switch { 0 => [new StreamFrame.Key(first), end], 1 => [new StreamFrame.Key(second), end], _ => [] });
        await using var target = await TargetOf.StartAsync(move, source);

        await source.AskedAfterAsync(2, Stop).WaitAsync(TimeSpan.FromSeconds(60), Stop);

        var kept = new byte[target.Store.Ring!.LengthBytes];
        target.Store.Ring.CopyTo(kept);
        Assert.Equal(first, kept);
    }

    // What an honest source would send at once.
    private static (StreamFrame.Key Key, StreamFrame.Batch All) Whole(MoveByHand move)
    {
        var key = new byte[AccountKey.LengthBytes];
        move.AtSource.Ring!.CopyTo(key);
        var changes = move.AtSource.Read(sql => ChangeFeed.Read(sql, move.Account.Id, 0, 100, 1 << 20));
        return (new StreamFrame.Key(key), new StreamFrame.Batch(0, changes.CompleteUpTo, 0, changes));
    }

    // From where the target asks on, once it has taken two streams.
    private static async Task<long> StoredAfterAsync(
        MoveByHand move, IEnumerable<StreamFrame> first, IEnumerable<StreamFrame> second)
    {
        var end = new StreamFrame.End("A test ends it.");
        var source = new ScriptedSource(
            move.Target.Region.Links, n => n switch { 0 => [.. first, end], 1 => [.. second, end], _ => [] });
        await using var target = await TargetOf.StartAsync(move, source);
        return await source.AskedAfterAsync(2, Stop).WaitAsync(TimeSpan.FromSeconds(60), Stop);
    }

    /// <summary>A target with a store of its own, in which nothing but its role and its pulls writes.</summary>
    private sealed record TargetOf(TemporaryRegion Storage, RegionContext Region, ArrivalPulls Pulls, TargetRole Role, AccountStore Store)
        : IAsyncDisposable
    {
        public static async Task<TargetOf> StartAsync(MoveByHand move, ScriptedSource source)
        {
            var storage = await TemporaryRegion.CreateAsync();
            var region = move.Target.Region with { Links = source, Storage = storage.Storage };
            var pulls = new ArrivalPulls(region, NullLogger<ArrivalPulls>.Instance);
            var role = new TargetRole(region, pulls, NullLogger<TargetRole>.Instance);
            Assert.IsType<StepAnswer.Arriving>(await role.ArriveAsync(move.Order, Stop));
            return new TargetOf(storage, region, pulls, role, storage.Storage.Find(move.Account.Id)!);
        }

        public async ValueTask DisposeAsync()
        {
            await Pulls.DisposeAsync();
            await Role.DisposeAsync();
            await Storage.DisposeAsync();
        }
    }
}
