using Domicile.Accounts;
using Domicile.Proofs;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

public sealed class AccountStoreTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_row_that_was_put_is_there_after_reopening()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var move = Guid.CreateVersion7(DateTimeOffset.UnixEpoch);
        var row = TemporaryRegion.NewRow(TemporaryRegion.Anna) with
        {
            Profile = new AccountProfile(TemporaryRegion.Anna, Country.Parse("DE"), "Zoll \u00e4\U0001F30D"),
            Epoch = 7,
            State = AccountState.Arriving,
            Seq = 41,
            Move = move,
            Peer = RegionName.Parse("beijing"),
            Cursor = 40,
            Pulling = move,
            HasData = false,
        };
        await region.Storage.Open(TemporaryRegion.Anna).WriteAsync(Put(row), Cancelled);

        await region.ReopenAsync();

        var found = region.Storage.Find(TemporaryRegion.Anna)!.Row!;
        Assert.Equal(row with { Digest = default, Commits = 1 }, found with { Digest = default });
        Assert.Equal(row.Digest.ToArray(), found.Digest.ToArray());
        Assert.Equal([TemporaryRegion.Anna], region.Storage.Accounts());
    }

    [Fact]
    public async Task Putting_a_row_again_keeps_its_seq_and_digest()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        await store.WriteAsync(Element("a"), Cancelled);

        await store.WriteAsync(Put(TemporaryRegion.NewRow(store.Account) with { State = AccountState.Sealed }), Cancelled);

        await region.ReopenAsync();
        var row = region.Storage.Find(store.Account)!.Row!;
        Assert.Equal((AccountState.Sealed, 1), (row.State, row.Seq));
        Assert.True(DigestOf("a").Matches(row.Digest.Span));
    }

    [Fact]
    public async Task Only_a_commit_of_unflushed_writes_alone_is_not_flushed()
    {
        // https://www.sqlite.org/pragma.html#pragma_synchronous
        const long normal = 1;
        const long full = 2;
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();

        Assert.Equal(full, await store.WriteAsync(Synchronous, Cancelled));
        Assert.Equal(normal, await store.WriteUnflushedAsync(Synchronous, Cancelled));
        Assert.Equal(full, await store.WriteAsync(Synchronous, Cancelled));

        using var isHeld = new ManualResetEventSlim();
        var holding = store.WriteAsync(_ => isHeld.Wait(TimeSpan.FromMinutes(1), CancellationToken.None), Cancelled);
        Task<long>[] together =
        [
            store.WriteUnflushedAsync(Synchronous, Cancelled), store.WriteAsync(Synchronous, Cancelled),
            store.WriteUnflushedAsync(Synchronous, Cancelled),
        ];
        isHeld.Set();

        Assert.True(await holding);
        Assert.All(await Task.WhenAll(together), synchronous => Assert.Equal(full, synchronous));

        static long Synchronous(AccountTransaction transaction) => transaction.Sql.Scalar<long>("PRAGMA synchronous");
    }

    [Fact]
    public async Task A_write_after_an_unflushed_one_that_failed_is_flushed()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        await Assert.ThrowsAsync<InvalidDataException>(() => store.WriteUnflushedAsync<bool>(
            _ => throw new InvalidDataException("No."), Cancelled));

        Assert.Equal(2, await store.WriteAsync(
            transaction => transaction.Sql.Scalar<long>("PRAGMA synchronous"), Cancelled));
    }

    [Theory]
    [InlineData(AccountState.Active, 1, true)]
    [InlineData(AccountState.Active, 2, false)]
    [InlineData(AccountState.Sealed, 1, false)]
    [InlineData(AccountState.Departing, 1, false)]
    [InlineData(AccountState.Departed, 1, false)]
    [InlineData(AccountState.Arriving, 1, false)]
    internal async Task The_fence_lets_through_only_the_active_epoch(AccountState state, long epoch, bool passes)
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        await store.WriteAsync(Put(TemporaryRegion.NewRow(store.Account) with { State = state }), Cancelled);

        var seq = await store.WriteAsync(transaction => transaction.Fence(epoch), Cancelled);

        Assert.Equal(passes ? 1 : null, seq);
        Assert.Equal(passes ? 1 : 0, store.Row!.Seq);
    }

    [Fact]
    public async Task Many_writers_at_once_are_all_numbered_digested_and_kept()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        var names = Enumerable.Range(0, 500).Select(i => $"element {i}").ToArray();

        var seqs = await Task.WhenAll(names.Select(name => store.WriteAsync(Element(name), Cancelled)));

        Assert.Equal(Enumerable.Range(1, 500).Select(seq => (long)seq), seqs.Order());
        Assert.InRange(store.CommitCount, 1 + 500 / StorageLimits.BatchWritesMax, 501);
        await region.ReopenAsync();
        var reopened = region.Storage.Find(store.Account)!;
        Assert.True(DigestOf(names).Matches(reopened.Row!.Digest.Span));
        Assert.Equal(500, reopened.Read(sql => sql.Scalar<long>("SELECT count(*) FROM bucket")));
    }

    [Fact]
    public async Task A_write_that_fails_is_undone_alone()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        var names = Enumerable.Range(0, 200).Select(i => $"{i}").ToArray();

        var outcomes = await Task.WhenAll(names.Select((name, i) => OutcomeAsync(store, name, fails: i % 3 == 0)));

        var kept = names.Where((_, i) => i % 3 != 0).ToArray();
        Assert.Equal(kept.Length, outcomes.Count(done => done));
        await region.ReopenAsync();
        var reopened = region.Storage.Find(store.Account)!;
        Assert.Equal(kept.Length, reopened.Row!.Seq);
        Assert.True(DigestOf(kept).Matches(reopened.Row.Digest.Span));
        Assert.Equal(
            kept.Order(StringComparer.Ordinal),
            reopened.Read(sql => sql.List("SELECT name FROM bucket ORDER BY name", row => row.GetString(0))));
    }

    [Fact]
    public async Task A_read_sees_one_state_while_writes_go_on()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        await store.WriteAsync(Element("first"), Cancelled);
        using var isReading = new SemaphoreSlim(0);
        using var isWritten = new SemaphoreSlim(0);

        var counts = Task.Run(() => store.Read(sql =>
        {
            var before = sql.Scalar<long>("SELECT count(*) FROM bucket");
            isReading.Release();
            isWritten.Wait();
            return (before, after: sql.Scalar<long>("SELECT count(*) FROM bucket"));
        }), Cancelled);
        await isReading.WaitAsync(Cancelled);
        await store.WriteAsync(Element("second"), Cancelled);
        isWritten.Release();

        Assert.Equal((1, 1), await counts);
        Assert.Equal(2, store.Read(sql => sql.Scalar<long>("SELECT count(*) FROM bucket")));
    }

    [Fact]
    public async Task An_unknown_account_leaves_no_file_when_it_is_looked_for()
    {
        await using var region = await TemporaryRegion.CreateAsync();

        Assert.Null(region.Storage.Find(TemporaryRegion.Anna));
        var store = region.Storage.Open(TemporaryRegion.Anna);
        Assert.Null(store.Row);
        Assert.Equal(0, store.Read(sql => sql.Scalar<long>("SELECT count(*) FROM version")));

        Assert.Empty(region.Storage.Accounts());
        Assert.False(Directory.Exists(store.Directory));
    }

    [Fact]
    public async Task A_waiter_is_woken_by_the_next_commit_and_not_by_an_older_one()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        var seen = store.CommitCount;

        Assert.True(store.ChangedSince(seen - 1, Cancelled).IsCompleted);
        var changed = store.ChangedSince(seen, Cancelled);
        Assert.False(changed.IsCompleted);
        await store.WriteAsync(Element("a"), Cancelled);

        await changed;
        Assert.True(store.CommitCount > seen);
    }

    private static Func<AccountTransaction, bool> Put(AccountRow row) => transaction =>
    {
        transaction.PutRow(row);
        return true;
    };

    private static Func<AccountTransaction, long> Element(string name) => transaction =>
    {
        var seq = transaction.Fence(epoch: 1)!.Value;
        transaction.Sql.Execute(
            "INSERT INTO bucket (account, name, seq, created_ms, versioning, tags) VALUES (@p1, @p2, @p3, 0, 0, '')",
            transaction.Account.Value, name, seq);
        transaction.Digest([], System.Text.Encoding.UTF8.GetBytes(name));
        return seq;
    };

    private static async Task<bool> OutcomeAsync(AccountStore store, string name, bool fails)
    {
        try
        {
            await store.WriteAsync(
                transaction => Element(name)(transaction) >= 0 && fails ? throw new TimeoutException(name) : true, Cancelled);
            return true;
        }
        catch (TimeoutException fault) when (fault.Message == name)
        {
            return false;
        }
    }

    private static SetDigest DigestOf(params IEnumerable<string> elements)
    {
        var digest = SetDigest.Empty;
        foreach (var element in elements)
        {
            digest.Add(System.Text.Encoding.UTF8.GetBytes(element));
        }

        return digest;
    }
}
