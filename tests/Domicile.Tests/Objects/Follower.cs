using Domicile.Accounts;
using Domicile.Objects;

namespace Domicile.Tests.Objects;

/// <summary>A target that copies a source, batch by batch, as a move does.</summary>
internal sealed class Follower(TestAccount source, TestAccount target) : IAsyncDisposable
{
    public long Cursor { get; private set; }

    public TestAccount Target => target;

    public static async Task<Follower> FollowAsync(TestAccount source)
    {
        var move = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        await source.Change(t => t.PutRow(t.Row! with { Pulling = move }));
        var target = await TestAccount.CreateAsync();
        var key = new byte[32];
        source.Store.Ring!.CopyTo(key);
        await target.Change(t =>
        {
            t.PutRow(t.Row! with { State = AccountState.Arriving });
            target.Store.ImportKeys(t, key);
        });
        return new Follower(source, target);
    }

    /// <param name="times">How often the batch is applied: once more is as good as once.</param>
    public async Task<ChangeBatch> PullAsync(int rowsMax, long bytesMax = long.MaxValue, int times = 1)
    {
        var batch = source.Store.Read(sql => ChangeFeed.Read(sql, source.Store.Account, Cursor, rowsMax, bytesMax));
        for (var i = 0; i < times; i++)
        {
            await target.Change(t =>
            {
                ChangeFeed.Apply(t, DecodedBatch.Decode(batch));
                t.SetSeq(batch.CompleteUpTo);
            });
        }

        Cursor = batch.CompleteUpTo;
        return batch;
    }

    public async Task PullAllAsync()
    {
        while (Cursor < source.Store.Row!.Seq)
        {
            await PullAsync(1000);
        }

        await target.Change(ChangeFeed.DropUnreferenced);
    }

    public ValueTask DisposeAsync() => target.DisposeAsync();
}
