using System.Text;
using Domicile.Accounts;
using Domicile.Proofs;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

public sealed class ErasureTests
{
    private const string Marker = "MARKER-OF-A-SECRET";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>
    /// Goal: after an erasure no byte of the account is left. Method: markers in every kind of row, in many pages, some
    /// rewritten and deleted before; then every byte of every file in the account's directory is searched.
    /// </summary>
    [Fact]
    public async Task No_byte_of_any_row_is_left_after_a_scrub()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        await store.WriteAsync(transaction => Fill(transaction, 0, 300), Cancelled);
        await store.WriteAsync(transaction => transaction.Sql.Execute("DELETE FROM version WHERE born % 3 = 0"), Cancelled);
        await store.WriteAsync(transaction => Fill(transaction, 300, 400), Cancelled);
        await Contents.PutRowAsync(store, await Contents.WriteAsync(store, Contents.Bytes(300_000)));
        Assert.Contains(Marker, BytesOf(store), StringComparison.Ordinal);

        await WipeAsync(store);
        await store.ScrubAsync(Cancelled);

        Assert.DoesNotContain(Marker, BytesOf(store), StringComparison.Ordinal);
        Assert.Empty(Contents.FilesOf(store));
        Assert.False(Directory.Exists(Path.Combine(store.Directory, "contents")));
        Assert.Equal(AccountState.Departed, store.Row!.State);
        Assert.Equal(1, store.Read(sql => sql.Scalar<long>("SELECT count(*) FROM attempt WHERE epoch = 1 AND result = x''")));
        await region.ReopenAsync();
        Assert.DoesNotContain(Marker, BytesOf(store), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_go_in_pieces_of_the_size_asked_for()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        using var keepsTheDiscard = store.HoldOpen();
        await store.WriteAsync(transaction => Fill(transaction, 0, 100), Cancelled);

        var deleted = new List<int>();
        do
        {
            deleted.Add(await store.WriteAsync(transaction => store.DeleteSomeRows(transaction, 70), Cancelled));
        }
        while (deleted[^1] > 0);

        // 100 versions, 7 rows of other kinds, and the attempt that is emptied.
        Assert.Equal([70, 38, 0], deleted);
    }

    [Fact]
    public async Task A_destroyed_key_opens_nothing_any_more()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        var key = store.Ring!.Newest;
        var content = await Contents.WriteAsync(store, Contents.Bytes(100));
        var secret = key.SealSmall("an access key", "secret"u8);

        await store.WriteAsync(
            transaction =>
            {
                Assert.Same(key, transaction.Ring!.Ring.Newest);
                store.DestroyKey(transaction);
                return transaction.Ring is null;
            },
            Cancelled);

        Assert.Null(store.Ring);
        Assert.Throws<ObjectDisposedException>(() => key.TryOpenSmall("an access key", secret, out _));
        await Assert.ThrowsAsync<StorageUnreadableException>(() => Contents.ReadAsync(store, content));
        await region.ReopenAsync();
        Assert.Null(region.Storage.Find(store.Account)!.Ring);
    }

    /// <summary>
    /// Goal: "a minute, then they are cut, then they have ten seconds". Method: a clock that the test moves to just before each
    /// bound, and then to it.
    /// </summary>
    [Fact]
    public async Task Erasing_waits_a_minute_for_holds_then_cuts_them_and_waits_ten_seconds_more()
    {
        var time = new ManualTime();
        await using var region = await TemporaryRegion.CreateAsync(time: time);
        var store = await region.AddAsync();
        var (quick, slow) = (store.HoldOpen(), store.HoldOpen());

        var wait = EndAsync(store);
        quick.Dispose();
        quick.Dispose();
        time.Advance(TimeSpan.FromSeconds(59.9));
        Assert.False(wait.IsCompleted || slow.Cut.IsCancellationRequested);
        time.Advance(TimeSpan.FromSeconds(0.1));
        await CancelledAsync(slow.Cut);
        slow.Dispose();
        Assert.Equal(new HoldsEnd(Ended: 1, Cut: 1), await wait);

        using var deaf = store.HoldOpen();
        wait = EndAsync(store);
        time.Advance(TimeSpan.FromSeconds(60));
        await CancelledAsync(deaf.Cut);
        await UntilAsync(() => time.Timers > 0);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(await wait);
    }

    [Fact]
    public async Task Erasing_waits_for_the_last_hold_and_cuts_none_that_ends_in_time()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        var (first, second) = (store.HoldOpen(), store.HoldOpen());

        var wait = EndAsync(store);
        first.Dispose();
        Assert.False(wait.IsCompleted);
        second.Dispose();

        Assert.Equal(new HoldsEnd(Ended: 2, Cut: 0), await wait);
        Assert.False(second.Cut.IsCancellationRequested);
    }

    // Goal: a database that rests lets go of its key while readers may use it. Destroying the account's key zeroes that one too.
    [Fact]
    public async Task A_key_from_before_the_database_rested_is_zeroed_with_the_accounts_key()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        var before = store.Ring!.Newest;
        while (!store.TryRest())
        {
            await Task.Yield(); // the writer's task may still be about to end
        }

        var now = store.Ring!.Newest;
        Assert.NotSame(before, now);
        Assert.False(before.IsDestroyed || store.HasForgottenKey);

        await store.WriteAsync(
            transaction =>
            {
                store.DestroyKey(transaction);
                return true;
            },
            Cancelled);

        Assert.True(before.IsDestroyed && now.IsDestroyed && store.HasForgottenKey);
    }

    // Goal: what the kernel says is open counts, also where the file has no name any more; the database itself doesn't.
    [Fact]
    public async Task An_open_file_of_the_account_is_seen_though_it_is_deleted()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        Assert.Equal(0, OpenDescriptors.CountBelow(store.Directory));
        var content = await Contents.WriteAsync(store, Contents.Bytes(100_000));

        using (store.Contents.OpenSealed(content.ContentId).SealedBytes)
        {
            Assert.Equal(1, OpenDescriptors.CountBelow(store.Directory));
            store.Contents.DeleteAll();
            Assert.Equal(1, OpenDescriptors.CountBelow(store.Directory));
        }

        Assert.Equal(0, OpenDescriptors.CountBelow(store.Directory));
    }

    private static Task<HoldsEnd?> EndAsync(AccountStore store)
        => store.EndHoldsAsync(Domicile.Moves.MoveLimits.HoldsMax, Domicile.Moves.MoveLimits.CutMax, Cancelled);

    private static async Task CancelledAsync(CancellationToken token)
    {
        var cancelled = new TaskCompletionSource();
        await using var given = token.UnsafeRegister(static one => ((TaskCompletionSource)one!).TrySetResult(), cancelled);
        await cancelled.Task.WaitAsync(Cancelled);
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        while (!isSo())
        {
            await Task.Yield();
            Cancelled.ThrowIfCancellationRequested();
        }
    }

    private static async Task WipeAsync(AccountStore store)
    {
        await store.WriteAsync(
            transaction =>
            {
                store.DestroyKey(transaction);
                store.DeleteAllRows(transaction);
                transaction.SetSeqAndDigest(0, SetDigest.Empty.ToBytes());
                transaction.PutRow(transaction.Row! with { State = AccountState.Departed });
                return true;
            },
            Cancelled);
    }

    private static bool Fill(AccountTransaction transaction, int from, int to)
    {
        var sql = transaction.Sql;
        for (var i = from; i < to; i++)
        {
            sql.Execute(
                "INSERT INTO version VALUES (@p4, 'b', @p1, @p2, 'v', @p2, 1, 0, 0, 0, 'e', @p3)",
                $"{Marker} name {i}", (long)i, $"{Marker} document {new string('x', i * 13 % 3000)}", transaction.Account.Value);
        }

        if (from == 0)
        {
            var account = transaction.Account.Value;
            sql.Execute("INSERT INTO bucket VALUES (@p1, @p2, 1, 0, 0, @p2)", account, Marker);
            sql.Execute("INSERT INTO upload VALUES (@p1, 'b', @p2, 'u', 1, 0, @p2)", account, Marker);
            sql.Execute("INSERT INTO part VALUES (@p1, 'u', 1, 1, 1, 'e', 0, @p2)", account, Marker);
            sql.Execute("INSERT INTO credential VALUES (@p1, @p2, 1, 0, @p2, @p3)", account, Marker, Encoding.ASCII.GetBytes(Marker));
            sql.Execute("INSERT INTO content VALUES (@p1, 'c', 1, 1, 1, @p2)", account, Encoding.ASCII.GetBytes(Marker));
            sql.Execute("INSERT INTO tombstone VALUES (@p1, 1, 1, @p2)", account, Marker);
            sql.Execute("INSERT INTO attempt VALUES (@p1, 'attempt', 1, @p2)", account, Encoding.ASCII.GetBytes(Marker));
            sql.Execute("INSERT INTO discard VALUES (@p1, 'cccccccccccccccccccccccccc')", account);
        }

        return true;
    }

    // Latin-1 keeps every byte.
    private static string BytesOf(AccountStore store) => string.Concat(
        Directory.EnumerateFiles(store.Directory, "*", SearchOption.AllDirectories)
            .Select(path => Encoding.Latin1.GetString(File.ReadAllBytes(path))));
}
