using Domicile.Accounts;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

/// <summary>Which accounts a start must look at is known without opening any.</summary>
public sealed class MarkTests
{
    private static readonly AccountId Bert = AccountId.Parse("bertbertbertbert");

    private static readonly Guid SomeMove = Guid.Parse("0198a000-0000-7000-8000-000000000001");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_start_after_an_orderly_end_has_no_account_to_look_at()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        await region.AddAsync();
        await region.AddAsync(Bert);

        await region.ReopenAsync();

        Assert.Empty(region.Storage.AccountsToLookAt());
        Assert.Equal(0, region.Storage.OpenDatabases.Bytes);
    }

    [Fact]
    public async Task An_account_in_a_move_is_marked_until_the_move_is_over()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        await region.AddAsync(Bert);
        var store = await region.AddAsync();
        await PutAsync(store, row => row with { State = AccountState.Sealed, Move = SomeMove });
        await region.ReopenAsync();
        Assert.Equal([store.Account], region.Storage.AccountsToLookAt());

        await PutAsync(region.Storage.Open(store.Account), row => row with { State = AccountState.Active, Move = null });
        await region.ReopenAsync();

        Assert.Empty(region.Storage.AccountsToLookAt());
    }

    // Goal: the mark's own flush lies before the seal, where no write waits for it.
    [Fact]
    public async Task An_account_is_marked_when_a_move_is_prepared()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();

        await PutAsync(store, row => row with { Pulling = SomeMove });

        Assert.True(region.Storage.StartMarks.Has(store.Account));
    }

    [Fact]
    public async Task A_tombstone_with_data_and_an_account_with_a_former_key_are_marked()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        await PutAsync(await region.AddAsync(), row => row with { State = AccountState.Departed });
        var renewed = await region.AddAsync(Bert);
        await renewed.WriteAsync(
            transaction =>
            {
                renewed.AddKey(transaction);
                return true;
            },
            Cancelled);

        await region.ReopenAsync();
        Assert.Equal([TemporaryRegion.Anna, Bert], region.Storage.AccountsToLookAt().Order());

        await PutAsync(region.Storage.Open(TemporaryRegion.Anna), row => row with { HasData = false });
        var again = region.Storage.Open(Bert);
        await again.WriteAsync(
            transaction =>
            {
                again.DestroyFormerKeys(transaction);
                return true;
            },
            Cancelled);
        Assert.Empty(region.Storage.StartMarks.All);
    }

    /// <summary>Goal: never a mark too few. Method: where the mark can't be made, the step that needs it must not commit.</summary>
    [Fact]
    public async Task A_step_whose_mark_cannot_be_made_is_not_committed()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = await region.AddAsync();
        var marks = Path.Combine(region.Directory, "pending");
        Directory.Delete(marks, recursive: true);
        await File.WriteAllTextAsync(marks, "in the way", Cancelled);

        await Assert.ThrowsAnyAsync<IOException>(
            () => PutAsync(store, row => row with { State = AccountState.Sealed, Move = SomeMove }));

        Assert.Equal((AccountState.Active, null), (store.Row!.State, store.Row.Move));
    }

    [Fact]
    public async Task An_account_that_was_open_when_its_process_died_is_looked_at()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        await region.AddAsync(Bert);
        var open = await region.AddAsync();
        while (!region.Storage.Open(Bert).TryRest())
        {
            await Task.Yield();
        }

        // What the death of the process leaves: the files as they are.
        await using var left = await TemporaryRegion.CreateAsync();
        await left.Storage.DisposeAsync();
        Copy(region.Directory, left.Directory);
        await left.ReopenAsync();

        Assert.Equal([open.Account], left.Storage.AccountsToLookAt());
    }

    [Fact]
    public async Task All_accounts_of_a_former_release_are_looked_at_until_that_is_done()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        await region.AddAsync();
        await region.AddAsync(Bert);
        await region.Storage.DisposeAsync();
        Directory.Delete(Path.Combine(region.Directory, "pending"), recursive: true);

        for (var start = 0; start < 2; start++)
        {
            await region.ReopenAsync();
            Assert.Equal([TemporaryRegion.Anna, Bert], region.Storage.AccountsToLookAt().Order());
        }

        region.Storage.StartMarks.SetComplete();
        await region.ReopenAsync();
        Assert.Empty(region.Storage.AccountsToLookAt());
    }

    private static Task<bool> PutAsync(AccountStore store, Func<AccountRow, AccountRow> change)
        => store.WriteAsync(
            transaction =>
            {
                transaction.PutRow(change(transaction.Row!));
                return true;
            },
            Cancelled);

    private static void Copy(string from, string to)
    {
        foreach (var path in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories)
            .Where(path => Path.GetFileName(path) != "region.lock"))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(path, copy, overwrite: true);
        }
    }
}
