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
        var key = store.Key!;
        var content = await Contents.WriteAsync(store, Contents.Bytes(100));
        var secret = key.SealSmall("an access key", "secret"u8);

        await store.WriteAsync(
            transaction =>
            {
                Assert.Same(key, transaction.Key!.Key);
                store.DestroyKey(transaction);
                return transaction.Key is null;
            },
            Cancelled);

        Assert.Null(store.Key);
        Assert.Throws<ObjectDisposedException>(() => key.OpenSmall("an access key", secret));
        await Assert.ThrowsAsync<StorageUnreadableException>(() => Contents.ReadAsync(store, content));
        await region.ReopenAsync();
        Assert.Null(region.Storage.Find(store.Account)!.Key);
    }

    [Fact]
    public async Task Erasing_waits_for_the_last_hold()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        var first = store.HoldOpen();
        var second = store.HoldOpen();

        Assert.False(await store.WaitForHoldsAsync(TimeSpan.FromMilliseconds(1), Cancelled));
        var wait = store.WaitForHoldsAsync(TimeSpan.FromMinutes(10), Cancelled);
        first.Dispose();
        first.Dispose();
        Assert.False(wait.IsCompleted);
        second.Dispose();

        Assert.True(await wait);
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
