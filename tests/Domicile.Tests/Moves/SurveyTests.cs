using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>What a region says of many accounts without opening each.</summary>
public sealed class SurveyTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Accounts_whose_databases_are_closed_are_measured_found_and_examined_without_opening_one()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (node, storage) = (deployment.Node(TestDeployment.Beijing), deployment.Storage(TestDeployment.Beijing));
        var accounts = new List<AccountId>();
        for (var i = 0; i < 5; i++)
        {
            accounts.Add((await deployment.AddAccountAsync(TestDeployment.Beijing)).Id);
        }

        await WriteAsync(node, accounts[3], "photos");
        await CloseAllAsync(storage, accounts);

        var measured = await node.MeasureUsagesAsync(accounts, Cancelled);
        var found = await node.FindAccountsAsync([.. accounts, AccountId.Parse("aaaaaaaaaaaaaaaa")], Cancelled);
        var examined = await node.ExamineAsync(Cancelled);

        Assert.Equal(accounts, measured.Select(one => one.Account));
        Assert.All(measured, one => Assert.Null(one.Trouble));
        Assert.Equal("photos", Assert.Single(measured[3].Usage!.Categories).Key);
        Assert.All(found.Take(5), one => Assert.Equal((AccountState.Active, 1L), (one!.State, one.Epoch)));
        Assert.Null(found[5]);
        Assert.All(examined, finding => Assert.Equal("ok", finding.Status));
        Assert.Equal(0, storage.OpenDatabases.Bytes);
    }

    [Fact]
    public async Task What_is_written_after_a_note_is_measured_open_or_closed()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (node, storage) = (deployment.Node(TestDeployment.Beijing), deployment.Storage(TestDeployment.Beijing));
        var account = (await deployment.AddAccountAsync(TestDeployment.Beijing)).Id;
        await CloseAllAsync(storage, [account]);
        Assert.Empty((await MeasureAsync()).Categories);

        await WriteAsync(node, account, "photos");
        Assert.Equal(["photos"], (await MeasureAsync()).Categories.Keys);
        await CloseAllAsync(storage, [account]);
        Assert.Equal(["photos"], (await MeasureAsync()).Categories.Keys);
        await WriteAsync(node, account, "contacts");
        Assert.Equal(["contacts", "photos"], (await MeasureAsync()).Categories.Keys.Order());

        async Task<AccountUsage> MeasureAsync() => Assert.Single(await node.MeasureUsagesAsync([account], Cancelled)).Usage!;
    }

    /// <summary>Goal: a note is of one file. Method: an older database is put back in its place, as long as the other.</summary>
    [Fact]
    public async Task A_note_does_not_hold_for_a_database_that_was_put_back()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (node, storage) = (deployment.Node(TestDeployment.Beijing), deployment.Storage(TestDeployment.Beijing));
        var account = (await deployment.AddAccountAsync(TestDeployment.Beijing)).Id;
        await CloseAllAsync(storage, [account]);
        var (path, copy) = (Path.Combine(storage.Open(account).Directory, AccountStore.DatabaseName), Path.GetTempFileName());
        File.Copy(path, copy, overwrite: true);
        File.SetLastWriteTimeUtc(copy, File.GetLastWriteTimeUtc(path));
        await WriteAsync(node, account, "photos");
        await CloseAllAsync(storage, [account]);
        Assert.NotNull(storage.FindNote(account));

        File.Move(copy, path, overwrite: true);

        Assert.Null(storage.FindNote(account));
    }

    [Fact]
    public async Task A_damaged_file_of_notes_is_done_without()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (node, storage) = (deployment.Node(TestDeployment.Beijing), deployment.Storage(TestDeployment.Beijing));
        var account = (await deployment.AddAccountAsync(TestDeployment.Beijing)).Id;
        await File.WriteAllTextAsync(
            Path.Combine(deployment.DirectoryOf(TestDeployment.Beijing), AccountNotes.FileName), new string('?', 9000), Cancelled);
        await CloseAllAsync(storage, [account]);

        var measured = Assert.Single(await node.MeasureUsagesAsync([account], Cancelled));

        Assert.Null(measured.Trouble);
        Assert.Empty(measured.Usage!.Categories);
    }

    [Fact]
    public async Task An_erased_account_leaves_nothing_in_the_notes()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (node, storage) = (deployment.Node(TestDeployment.Beijing), deployment.Storage(TestDeployment.Beijing));
        var account = (await deployment.AddAccountAsync(TestDeployment.Beijing)).Id;
        await WriteAsync(node, account, "telemetry");
        await CloseAllAsync(storage, [account]);
        for (var other = 0; other < StorageLimits.NotesUnsavedMax; other++)
        {
            await CloseAllAsync(storage, [(await deployment.AddAccountAsync(TestDeployment.Beijing)).Id]);
        }

        Assert.Contains("telemetry", await NotesAsync(deployment), StringComparison.Ordinal);
        await node.EraseAccountAsync(account, 1, new byte[32], Cancelled);
        Assert.DoesNotContain("telemetry", await NotesAsync(deployment), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_of_too_many_categories_keeps_no_other_from_being_measured()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var node = deployment.Node(TestDeployment.Beijing);
        AccountId[] accounts = [.. Enumerable.Range(0, 6).Select(i => AccountId.FromRandom([1, 2, 3, 4, 5, 6, 7, 8, 9, (byte)i]))];
        var survey = new AccountSurvey(node.Region);

        var measured = await survey.MeasureAsync(
            accounts, (account, _) => Task.FromResult(Usage(account == accounts[0] ? 1001 : 1000)), Cancelled);

        Assert.Contains("1000 categories", measured[0].Trouble, StringComparison.Ordinal);
        Assert.InRange(measured.Count, 2, 5);
        Assert.All(measured.Skip(1), one => Assert.Equal(1000, one.Usage!.Categories.Count));

        static AccountUsage Usage(int categories) => new(
            Enumerable.Range(0, categories).ToDictionary(i => $"kind-{i}", _ => new CategoryUsage(0, 0, 0)), 0);
    }

    private static async Task WriteAsync(RegionNode node, AccountId account, string bucket)
        => Assert.IsNotType<CommandResult.Refused>(await node.ExecuteAsync(account, new CreateBucket(bucket), Cancelled));

    private static async Task CloseAllAsync(RegionStorage storage, IEnumerable<AccountId> accounts)
    {
        foreach (var account in accounts)
        {
            // The writer's task may still be about to end.
            while (!storage.Open(account).TryRest())
            {
                await Task.Yield();
            }
        }
    }

    private static async Task<string> NotesAsync(TestDeployment deployment)
    {
        var text = "";
        foreach (var path in Directory.EnumerateFiles(deployment.DirectoryOf(TestDeployment.Beijing), AccountNotes.FileName + "*"))
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(file, System.Text.Encoding.Latin1);
            text += await reader.ReadToEndAsync(Cancelled);
        }

        return text;
    }
}
