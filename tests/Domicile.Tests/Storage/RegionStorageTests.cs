using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

public sealed class RegionStorageTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>
    /// Goal: closing idle databases is invisible. Method: room for three, twenty accounts, eight tasks that read and write
    /// them in all orders; each account must have numbered every write.
    /// </summary>
    [Fact]
    public async Task More_accounts_than_may_be_open_work_all_the_same()
    {
        await using var workers = new HeldWorkers { IsHolding = false };
        const long bytesMax = 8 * StorageLimits.ConnectionBytes;
        await using var region = await TemporaryRegion.CreateAsync(openBytesMax: bytesMax, workers: workers);
        var accounts = Enumerable.Range(0, 20).Select(i => AccountId.FromRandom(RandomNumberGenerator.GetBytes(10))).ToArray();
        foreach (var account in accounts)
        {
            await region.AddAsync(account);
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(task => Task.Run(
            async () =>
            {
                for (var i = 0; i < 60; i++)
                {
                    var store = region.Storage.Find(accounts[(i * (task * 2 + 1) + task) % accounts.Length])!;
                    var seq = await store.WriteAsync(transaction => transaction.Fence(epoch: 1), Cancelled);
                    Assert.True(store.Read(sql => sql.Scalar<long>("SELECT seq FROM account")) >= seq);
                }
            },
            Cancelled)));

        GC.Collect();
        Assert.Equal(8 * 60, accounts.Sum(account => region.Storage.Find(account)!.Row!.Seq));
        Assert.Equal(accounts.Order(), region.Storage.Accounts().Order());
        // What was in use when there was too much stays open until the next one opens.
        await workers.EndedAsync();
        var last = region.Storage.Open(accounts[0]);
        Assert.True(!last.IsOpen || last.TryRest());
        Use(last);
        await workers.EndedAsync();
        Assert.InRange(region.Storage.OpenDatabases.Bytes, StorageLimits.ConnectionBytes, bytesMax);
        Assert.InRange(OpenDatabases(region), 1, 8);
    }

    [Fact]
    public async Task Who_opens_or_uses_a_database_never_closes_another_one()
    {
        await using var workers = new HeldWorkers { IsHolding = false };
        await using var region = await TemporaryRegion.CreateAsync(openBytesMax: StorageLimits.ConnectionBytes, workers: workers);
        var stores = await AddAllAsync(region, 6);
        await workers.EndedAsync();
        workers.IsHolding = true;

        stores.ForEach(Use);

        Assert.Equal(6, OpenDatabases(region));
        await workers.ReleaseAsync();
        Assert.Equal(0, OpenDatabases(region));
        Assert.Equal(0, region.Storage.OpenDatabases.Bytes);
    }

    // Goal: databases that are opened faster than they can be closed don't take all memory and files. Method: closing stands still.
    [Fact]
    public async Task Who_would_open_one_waits_while_half_as_many_again_are_open_as_may_be()
    {
        await using var workers = new HeldWorkers { IsHolding = false };
        await using var region = await TemporaryRegion.CreateAsync(openBytesMax: 2 * StorageLimits.ConnectionBytes, workers: workers);
        var stores = await AddAllAsync(region, 6);
        await workers.EndedAsync();
        var databases = region.Storage.OpenDatabases;
        Assert.True(databases.RoomAsync(Cancelled).AsTask().IsCompleted);
        workers.IsHolding = true;

        stores.ForEach(Use);

        var room = databases.RoomAsync(Cancelled).AsTask();
        Assert.False(room.IsCompleted);
        await workers.ReleaseAsync();
        await room;
        Assert.True(databases.RoomAsync(Cancelled).AsTask().IsCompleted);
    }

    // Goal: what is in use can't be closed, and nobody waits for that.
    [Fact]
    public async Task Nobody_waits_for_databases_that_are_all_in_use()
    {
        await using var workers = new HeldWorkers { IsHolding = false };
        await using var region = await TemporaryRegion.CreateAsync(openBytesMax: StorageLimits.ConnectionBytes, workers: workers);
        var stores = await AddAllAsync(region, 6);
        await workers.EndedAsync();
        workers.IsHolding = true;
        var holds = stores.ConvertAll(store => store.HoldOpen());
        stores.ForEach(Use);
        var room = region.Storage.OpenDatabases.RoomAsync(Cancelled).AsTask();
        Assert.False(room.IsCompleted);

        await workers.ReleaseAsync();

        await room;
        holds.ForEach(hold => hold.Dispose());
    }

    /// <summary>
    /// Goal: the hand closes what was idle longest. Method: room for three that are only read, and a bit; the fourth takes every mark
    /// away and closes the first; of the two that are left, the one that is used again outlives the other.
    /// </summary>
    [Fact]
    public async Task The_database_that_was_used_since_the_last_round_stays_open()
    {
        await using var workers = new HeldWorkers { IsHolding = false };
        await using var made = await TemporaryRegion.CreateAsync();
        await AddAllAsync(made, 5);
        var accounts = made.Storage.Accounts().Order().ToList();
        await made.ReopenAsync(33 * ReadBytesOf(made, accounts[0]) / 10, workers);
        var stores = accounts.ConvertAll(made.Storage.Open);

        foreach (var next in (int[])[0, 1, 2, 3, 1, 4])
        {
            Use(stores[next]);
            await workers.EndedAsync();
        }

        Assert.Equal([1, 3, 4], Enumerable.Range(0, 5).Where(i => stores[i].IsOpen));
    }

    [Fact]
    public async Task A_database_whose_copy_somebody_holds_stays_open()
    {
        await using var workers = new HeldWorkers { IsHolding = false };
        await using var region = await TemporaryRegion.CreateAsync(openBytesMax: StorageLimits.ConnectionBytes, workers: workers);
        var store = await region.AddAsync();
        await workers.EndedAsync();
        using (store.HoldOpen())
        {
            Use(store);
            await workers.EndedAsync();
            Assert.True(store.IsOpen);
        }

        Assert.True(store.TryRest());
        Assert.False(store.IsOpen);
    }

    [Fact]
    public async Task There_is_one_store_per_account_as_long_as_anyone_has_it()
    {
        await using var region = await TemporaryRegion.CreateAsync(openBytesMax: StorageLimits.ConnectionBytes);
        var store = await region.AddAsync();
        var seen = store.CommitCount;
        var changed = store.ChangedSince(seen, Cancelled);
        await region.AddAsync(AccountId.Parse("bbbbbbbbbbbbbbbb"));
        GC.Collect();

        var again = region.Storage.Find(store.Account)!;
        await again.WriteAsync(transaction => transaction.Fence(epoch: 1), Cancelled);

        Assert.Same(store, again);
        await changed;
    }

    [Fact]
    public async Task A_second_process_is_kept_out()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        using var custodian = await LocalCustodian.OpenAsync(region.Directory, Cancelled);

        var fault = Assert.Throws<IOException>(() => RegionStorage.Open(region.Directory, custodian, TimeProvider.System));

        Assert.Contains("in use", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_database_is_refused_in_one_line()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        await store.WriteAsync(transaction => transaction.Sql.Execute("PRAGMA user_version=99"), Cancelled);
        await region.ReopenAsync();

        var fault = Assert.Throws<StorageUnreadableException>(() => region.Storage.Find(store.Account));

        Assert.Contains("format 99", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public async Task A_database_of_the_first_format_counts_parts_from_now_on()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        await store.WriteAsync(
            transaction =>
            {
                transaction.Sql.Execute("UPDATE account SET versions = 1, bytes = 1000");
                transaction.Sql.Execute("INSERT INTO part VALUES (@p1, 'u', 1, 1, 30, '', 0, '{}')", store.Account.Value);
                transaction.Sql.Execute("INSERT INTO part VALUES (@p1, 'u', 2, 2, 4, '', 0, '{}')", store.Account.Value);
                transaction.Sql.Execute("ALTER TABLE move_record DROP COLUMN signed_order");
                transaction.Sql.Execute("DROP TABLE erasure");
                transaction.Sql.Execute("DROP TABLE revoked_key");
                transaction.Sql.Execute("DROP TABLE rekey");
                transaction.Sql.Execute("ALTER TABLE account DROP COLUMN former_keys");
                transaction.Sql.Execute("ALTER TABLE account DROP COLUMN commits");
                return transaction.Sql.Execute("PRAGMA user_version=1");
            },
            Cancelled);
        region.Storage.Marks.Put(store.Account, new CommitMark(1, 0, 0, IsHome: true, HasUnflushed: false));

        await region.ReopenAsync();
        Assert.Equal(1034, region.Storage.Find(store.Account)!.Row!.Bytes);
        await region.ReopenAsync();
        Assert.Equal(1034, region.Storage.Find(store.Account)!.Row!.Bytes);
    }

    [Fact]
    public async Task A_damaged_database_says_so()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        await region.ReopenAsync();
        await using (var file = new FileStream(Path.Combine(store.Directory, "account.db"), FileMode.Open))
        {
            await file.WriteAsync(new byte[8192], Cancelled);
        }

        var fault = Assert.Throws<StorageUnreadableException>(() => region.Storage.Find(store.Account));

        Assert.Contains("damaged", fault.Message, StringComparison.Ordinal);
        Assert.Contains(store.Account.Value, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_custodian_opens_no_key()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        await using var other = await TemporaryRegion.CreateAsync();
        using var custodian = await LocalCustodian.OpenAsync(region.Directory, Cancelled);
        using var foreign = await LocalCustodian.OpenAsync(other.Directory, Cancelled);
        var key = RandomNumberGenerator.GetBytes(32);
        var wrapped = custodian.Wrap(TemporaryRegion.Anna, key);

        var opened = new byte[32];
        custodian.Unwrap(TemporaryRegion.Anna, wrapped, opened);
        Assert.Equal(key, opened);
        Assert.Throws<StorageUnreadableException>(() => foreign.Unwrap(TemporaryRegion.Anna, wrapped, opened));
        Assert.Throws<StorageUnreadableException>(
            () => custodian.Unwrap(AccountId.Parse("bbbbbbbbbbbbbbbb"), wrapped, opened));
        Assert.Throws<StorageUnreadableException>(() => custodian.Unwrap(TemporaryRegion.Anna, wrapped.AsSpan(1), opened));
        Assert.Throws<StorageUnreadableException>(() => custodian.Unwrap(TemporaryRegion.Anna, [], opened));
    }

    [Fact]
    public async Task The_custodians_key_is_its_owners_alone_and_stays_the_same()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var path = Path.Combine(region.Directory, "keys", "custodian.key");
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        var store = await region.AddAsync();
        var sealedBytes = store.Ring!.SealSmall("purpose", [1, 2, 3]);

        await region.ReopenAsync();

        var key = region.Storage.Find(store.Account)!.Ring!;
        using (var opened = key.OpenSmall("purpose", sealedBytes))
        {
            Assert.Equal([1, 2, 3], opened.Span.ToArray());
        }

        Assert.Throws<ContentCorruptException>(() => key.OpenSmall("another purpose", sealedBytes));
        Assert.Throws<ContentCorruptException>(() => key.OpenSmall("purpose", sealedBytes.AsSpan(1)));
        Assert.Throws<ContentCorruptException>(() => key.OpenSmall("purpose", []));
    }

    [Fact]
    public async Task A_key_that_was_made_by_a_write_that_failed_is_no_key()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        var secret = store.Ring!.SealSmall("p", [1]);

        await Assert.ThrowsAsync<TimeoutException>(() => store.WriteAsync<bool>(
            transaction =>
            {
                store.CreateKey(transaction);
                throw new TimeoutException();
            },
            Cancelled));

        using var opened = store.Ring!.OpenSmall("p", secret);
        Assert.Equal([1], opened.Span.ToArray());
    }

    private static void Use(AccountStore store) => store.Read(sql => sql.Scalar<long>("SELECT seq FROM account"));

    // What one takes that is opened and read.
    private static long ReadBytesOf(TemporaryRegion region, AccountId account)
    {
        var before = region.Storage.OpenDatabases.Bytes;
        var store = region.Storage.Open(account);
        Assert.True(store.TryRest());
        var closed = region.Storage.OpenDatabases.Bytes;
        Use(store);
        Assert.True(before > closed);
        return region.Storage.OpenDatabases.Bytes - closed;
    }

    private static async Task<List<AccountStore>> AddAllAsync(TemporaryRegion region, int count)
    {
        var stores = new List<AccountStore>();
        for (var i = 0; i < count; i++)
        {
            stores.Add(await region.AddAsync(AccountId.FromRandom(RandomNumberGenerator.GetBytes(10))));
        }

        return stores;
    }

    private static int OpenDatabases(TemporaryRegion region) => Directory.EnumerateFiles("/proc/self/fd")
        .Select(path => new FileInfo(path).LinkTarget)
        .Where(target => target is not null && target.StartsWith(region.Directory, StringComparison.Ordinal))
        .Count(target => target!.EndsWith("account.db-shm", StringComparison.Ordinal));
}
