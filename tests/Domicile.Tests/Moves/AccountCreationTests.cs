using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>Accounts are made by the hundred, each as a file that is whole before it has its name.</summary>
public sealed class AccountCreationTests
{
    // More than are flushed one by one.
    private const int Many = 40;

    private static readonly RegionName Home = TestDeployment.Singapore;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(Many)]
    public async Task Accounts_made_together_are_there_after_a_restart_each_with_its_own_rows_and_key(int count)
    {
        await using var deployment = await TestDeployment.StartAsync();
        var accounts = Draw(count);

        Assert.All(await deployment.Node(Home).CreateAccountsAsync(accounts, Cancelled), Assert.Null);
        await deployment.RestartAsync(Home, _ => { });

        Assert.Equal(accounts.Select(one => one.Profile.Id).Order(), deployment.Storage(Home).Accounts().Order());
        foreach (var account in accounts)
        {
            await AssertMadeAsync(deployment, account);
            var store = deployment.Storage(Home).Find(account.Profile.Id)!;
            Assert.Equal("ok", store.Read(sql => sql.Scalar<string>("PRAGMA integrity_check")));
            Assert.Equal(1L, store.Read(sql => sql.Scalar<long>("SELECT count(*) FROM account")));
            Assert.Equal(1L, store.Read(sql => sql.Scalar<long>("SELECT count(*) FROM credential")));
            Assert.Equal(1, deployment.Storage(Home).Marks.Find(account.Profile.Id)!.Value.Commits);
            Assert.Equal(1, await store.WriteAsync(transaction => transaction.Fence(epoch: 1) - 1, Cancelled));
        }
    }

    // Goal: a plan over accounts that nobody has used yet opens none of their databases, nor does making them.
    [Fact]
    public async Task What_is_new_is_noted_and_not_opened()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var accounts = Draw(Many);

        await deployment.Node(Home).CreateAccountsAsync(accounts, Cancelled);
        var measured = await deployment.Node(Home).MeasureUsagesAsync([.. accounts.Select(one => one.Profile.Id)], Cancelled);

        Assert.Equal(0, deployment.Storage(Home).OpenDatabases.Bytes);
        Assert.All(measured, one => Assert.Equal((null, 0), (one.Trouble, one.Usage!.Categories.Count)));
        Assert.All(accounts, one => Assert.Equal(
            (AccountState.Active, 1L, true),
            deployment.Storage(Home).FindNote(one.Profile.Id) is { } note ? (note.State, note.Epoch, note.HasData) : default));
    }

    // Goal: a batch whose answer was lost is sent again, and an account that was made goes on with the key that it has.
    [Fact]
    public async Task Made_again_an_account_stays_as_it_is_and_those_beside_it_are_made()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (first, others) = (Draw(1), Draw(Many));
        await deployment.Node(Home).CreateAccountsAsync(first, Cancelled);

        var refusals = await deployment.Node(Home).CreateAccountsAsync(
            [.. others, WithAnotherKey(first[0]), WithAnotherKey(others[0])], Cancelled);

        Assert.All(refusals, Assert.Null);
        await AssertMadeAsync(deployment, first[0]);
        await AssertMadeAsync(deployment, others[0]);
        await AssertMadeAsync(deployment, others[^1]);
    }

    // Goal: who was told a moment ago that an account isn't here finds it now: nothing is remembered of its absence.
    [Fact]
    public async Task An_account_that_was_looked_for_before_is_found_once_it_is_made()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var accounts = Draw(2);
        var store = deployment.Storage(Home).Open(accounts[0].Profile.Id);
        Assert.Null(store.Row);

        await deployment.Node(Home).CreateAccountsAsync(accounts, Cancelled);

        Assert.Equal(AccountState.Active, store.Row?.State);
        Assert.NotNull(store.Ring);
    }

    [Fact]
    public async Task What_is_here_in_another_state_is_refused_and_those_beside_it_are_made()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var accounts = Draw(4);
        var (damaged, lost, sealed_) = (accounts[0].Profile.Id, accounts[1].Profile.Id, accounts[2].Profile.Id);
        await deployment.Node(Home).CreateAccountsAsync([.. accounts.Take(3)], Cancelled);
        var storage = deployment.Storage(Home);
        await storage.Open(sealed_).WriteAsync(
            transaction =>
            {
                transaction.PutRow(transaction.Row! with { State = AccountState.Sealed });
                return true;
            },
            Cancelled);
        await deployment.RestartAsync(Home, directory =>
        {
            DurableFile.Replace(PathOf(directory, damaged), new byte[8192]);
            File.Delete(PathOf(directory, lost));
        });

        var refusals = await deployment.Node(Home).CreateAccountsAsync(accounts, Cancelled);

        Assert.Contains("is damaged", refusals[0], StringComparison.Ordinal);
        Assert.Contains("is lost", refusals[1], StringComparison.Ordinal);
        Assert.Contains("Sealed", refusals[2], StringComparison.Ordinal);
        Assert.Null(refusals[3]);
        Assert.Equal(new byte[8192], await File.ReadAllBytesAsync(PathOf(deployment.DirectoryOf(Home), damaged), Cancelled));
        await AssertMadeAsync(deployment, accounts[3]);
    }

    // Its rows don't fit into the pages that a new database has.
    [Fact]
    public async Task An_account_too_large_for_a_new_file_is_made_all_the_same()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = Draw(1)[0];
        var large = account with { Profile = account.Profile with { Organisation = new string('o', 8_000) } };

        Assert.All(await deployment.Node(Home).CreateAccountsAsync([large, .. Draw(1)], Cancelled), Assert.Null);

        await AssertMadeAsync(deployment, large);
        Assert.Equal(large.Profile, deployment.Storage(Home).Find(large.Profile.Id)!.Row!.Profile);
    }

    [Fact]
    public async Task What_a_crash_left_before_its_place_is_gone_after_a_start()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var left = Path.Combine(deployment.DirectoryOf(Home), NewDatabases.DirectoryName, "0");
        await deployment.RestartAsync(Home, _ =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(left)!);
            DurableFile.Replace(left, "half a file"u8);
        });
        Assert.False(File.Exists(left));

        var accounts = Draw(2);
        await deployment.Node(Home).CreateAccountsAsync(accounts, Cancelled);

        await AssertMadeAsync(deployment, accounts[1]);
        Assert.False(Directory.Exists(Path.GetDirectoryName(left)));
    }

    private static async Task AssertMadeAsync(TestDeployment deployment, FirstHome account)
    {
        var node = deployment.Node(Home);
        Assert.True(await node.FindAccountAsync(account.Profile.Id, Cancelled) is { State: AccountState.Active, Epoch: 1 });
        var key = Assert.Single(await node.ListKeysAsync(account.Profile.Id, Cancelled));
        Assert.Equal(account.First.AccessKeyId, key.AccessKey);
        var route = Assert.IsType<Route.Here>(await node.Gateway.RouteAsync(account.Profile.Id, isWrite: false, Cancelled));
        await using var copy = route.Copy;
        using var credential = await copy.FindCredentialAsync(account.First.AccessKeyId, Cancelled);
        Assert.Equal(account.First.Secret.ToText(), credential?.Secret.ToText());
    }

    private static FirstHome WithAnotherKey(FirstHome account)
        => account with
        {
            First = account.First with { AccessKeyId = AccessKey.NewId(account.Profile.Id, RandomNumberGenerator.GetBytes(5)) },
        };

    private static string PathOf(string directory, AccountId account)
        => Path.Combine(directory, "accounts", account.Value[..2], account.Value, AccountStore.DatabaseName);

    private static List<FirstHome> Draw(int count)
        => [.. Enumerable.Range(0, count).Select(i =>
        {
            var profile = new AccountProfile(
                AccountId.FromRandom(RandomNumberGenerator.GetBytes(10)), Country.Parse("IN"), null);
            return new FirstHome(profile, new Credential(
                AccessKey.NewId(profile.Id, RandomNumberGenerator.GetBytes(5)), SecretBytes.OfText($"secret {i}"), "first",
                DateTimeOffset.UnixEpoch));
        })];
}
