using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>What a region says of accounts whose files are lost, damaged or another's, and that it goes on with the others.</summary>
public sealed class DamagedAccountTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Goal: one damaged account fails no report on the others. Method: of three accounts the files of one are overwritten.
    [Fact]
    public async Task A_damaged_account_is_named_and_the_others_are_examined()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var damaged = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var departed = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var healthy = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var node = deployment.Node(TestDeployment.Beijing);
        Take(node, departed, TestDeployment.Singapore, epoch: 3);
        node = await deployment.RestartAsync(TestDeployment.Beijing, region => OverwriteDatabase(region, damaged.Id));

        var findings = (await node.ExamineAsync(Stop)).Where(finding => finding.Status == "error").ToList();

        Assert.Contains(findings, finding => finding.Finding.Contains(damaged.Id.Value, StringComparison.Ordinal)
            && finding.Advice.Contains("from a backup", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.Finding.Contains(departed.Id.Value, StringComparison.Ordinal));
        Assert.DoesNotContain(findings, finding => finding.Finding.Contains(healthy.Id.Value, StringComparison.Ordinal));
        await RefusesAsync(node, damaged.Id, "damaged");
        Assert.Equal(0, (await node.MeasureUsageAsync(healthy.Id, Stop)).Categories.Values.Sum(category => category.Bytes));
    }

    [Fact]
    public async Task An_account_whose_files_are_gone_is_lost_and_not_on_its_way()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var lost = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var node = deployment.Node(TestDeployment.Beijing);
        Take(node, lost, TestDeployment.Beijing, epoch: 1);
        Assert.DoesNotContain(await node.ExamineAsync(Stop), finding => finding.Status == "error");

        node = await deployment.RestartAsync(TestDeployment.Beijing, region => DeleteDirectory(region, lost.Id));

        var route = Assert.IsType<Route.Damaged>(await node.Gateway.RouteAsync(lost.Id, isWrite: false, Stop));
        Assert.Contains("lost", route.Reason, StringComparison.Ordinal);
        var finding = Assert.Single(await node.ExamineAsync(Stop), one => one.Status == "error");
        Assert.Contains(lost.Id.Value, finding.Finding, StringComparison.Ordinal);
        Assert.Contains("lost", finding.Finding, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_account_can_be_ended()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var lost = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var node = deployment.Node(TestDeployment.Beijing);
        Take(node, lost, TestDeployment.Beijing, epoch: 1);
        node = await deployment.RestartAsync(TestDeployment.Beijing, region => DeleteDirectory(region, lost.Id));
        Assert.IsType<Route.Damaged>(await node.Gateway.RouteAsync(lost.Id, isWrite: false, Stop));

        var statement = await node.EraseAccountAsync(lost.Id, 1, new byte[32], Stop);

        Assert.Equal(statement, await node.EraseAccountAsync(lost.Id, 1, new byte[32], Stop));
        Assert.IsType<Route.Unknown>(await node.Gateway.RouteAsync(lost.Id, isWrite: false, Stop));
        Assert.DoesNotContain(await node.ExamineAsync(Stop), finding => finding.Status == "error");
        node = await deployment.RestartAsync(TestDeployment.Beijing, _ => { });
        Assert.IsType<Route.Unknown>(await node.Gateway.RouteAsync(lost.Id, isWrite: false, Stop));
    }

    [Fact]
    public async Task An_account_with_an_empty_database_in_its_place_is_lost()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var lost = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var node = deployment.Node(TestDeployment.Beijing);
        Take(node, lost, TestDeployment.Beijing, epoch: 1);
        node = await deployment.RestartAsync(TestDeployment.Beijing, region =>
        {
            DeleteDirectory(region, lost.Id);
            File.Delete(Path.Combine(region, CommitMarks.FileName));
        });
        await node.Region.Storage.Open(lost.Id).WriteAsync(transaction => transaction.Sql.Execute("DELETE FROM discard"), Stop);

        Assert.IsType<Route.Damaged>(await node.Gateway.RouteAsync(lost.Id, isWrite: true, Stop));
        Assert.Contains("lost", Assert.Single(await node.ExamineAsync(Stop), one => one.Status == "error").Finding, StringComparison.Ordinal);
    }

    // Goal: of two copies that both say they are the home, none but the directory's is. Method: the same epoch, another home.
    [Fact]
    public async Task Another_regions_files_are_not_served()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var node = deployment.Node(TestDeployment.Beijing);
        Take(node, account, TestDeployment.Singapore, epoch: 1);

        Assert.IsNotType<Route.Here>(await node.Gateway.RouteAsync(account.Id, isWrite: true, Stop));
        var finding = Assert.Single(await node.ExamineAsync(Stop), one => one.Status == "error");
        Assert.Contains("another region's files", finding.Finding, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_a_directory_is_said_in_one_answer_that_fits()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var node = deployment.Node(TestDeployment.Beijing);
        var lost = Enumerable.Range(0, MoveLimits.AccountsExaminedMax + 7).Select(number => new DirectoryEntry(
            new AccountProfile(AccountId.FromRandom([.. BitConverter.GetBytes((long)number), 0, 0]), Country.Parse("IN"), null),
            TestDeployment.Beijing, 1, number + 1));
        node.Region.Directory.Take(new DirectoryUpdate([.. lost], 1, null));

        var errors = (await node.ExamineAsync(Stop)).Where(finding => finding.Status == "error").ToList();

        Assert.Equal(MoveLimits.AccountsExaminedMax + 1, errors.Count);
        Assert.StartsWith("7 further findings", errors[^1].Finding, StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_is_said_once_for_each_cause()
    {
        var damages = new DamagedAccounts();
        var account = AccountId.Parse("annaannaannaanna");

        Assert.True(damages.IsNew(account, "lost"));
        Assert.False(damages.IsNew(account, "lost"));
        Assert.True(damages.IsNew(account, "damaged"));
    }

    private static void Take(RegionNode node, AccountProfile profile, RegionName home, long epoch)
        => node.Region.Directory.Take(new DirectoryUpdate([new DirectoryEntry(profile, home, epoch, epoch)], 1, null));

    private static async Task RefusesAsync(RegionNode node, AccountId account, string word)
    {
        var refused = await Assert.ThrowsAsync<RegionRefusedException>(() => node.MeasureUsageAsync(account, Stop));
        Assert.Contains(word, refused.Reason, StringComparison.Ordinal);
    }

    private static void OverwriteDatabase(string region, AccountId account)
    {
        using var file = new FileStream(Path.Combine(DirectoryOf(region, account), AccountStore.DatabaseName), FileMode.Open);
        file.Write(new byte[30_000]);
    }

    private static void DeleteDirectory(string region, AccountId account)
        => Directory.Delete(DirectoryOf(region, account), recursive: true);

    private static string DirectoryOf(string region, AccountId account)
        => Path.Combine(region, "accounts", account.Value[..2], account.Value);
}
