using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>An account's directory that is another account's, another region's, or half of one: refused, said, and left as it is.</summary>
public sealed class MixedFilesTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Goal: another account's rows are nobody's here, whether or not the region remembers this account.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_accounts_database_is_refused_by_name(bool isRemembered)
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var other = await deployment.AddAccountAsync(TestDeployment.Beijing);
        byte[] put = [];
        var node = await deployment.RestartAsync(TestDeployment.Beijing, region =>
        {
            put = File.ReadAllBytes(DatabaseOf(region, other.Id));
            File.Copy(DatabaseOf(region, other.Id), DatabaseOf(region, account.Id), overwrite: true);
            if (!isRemembered)
            {
                File.Delete(Path.Combine(region, CommitMarks.FileName));
            }
        });

        await IsSaidAsync(node, account.Id, $"is the database of account {other.Id}, not of {account.Id}");
        await Assert.ThrowsAsync<StorageUnreadableException>(
            () => node.Region.Storage.Open(account.Id).WriteAsync(transaction => transaction.Fence(1), Stop));
        Assert.Equal(put, await File.ReadAllBytesAsync(DatabaseOf(deployment.DirectoryOf(TestDeployment.Beijing), account.Id), Stop));
        Assert.IsType<Route.Here>(await node.Gateway.RouteAsync(other.Id, isWrite: false, Stop));
    }

    // Goal: files don't bring an account from one region to another. Method: its directory is copied over, and the directory of
    // accounts says that it is at home there.
    [Fact]
    public async Task Another_regions_files_open_under_no_key_of_this_region()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Singapore);
        var healthy = await deployment.AddAccountAsync(TestDeployment.Beijing);
        await deployment.RestartAsync(TestDeployment.Singapore, _ => { });
        var from = DatabaseOf(deployment.DirectoryOf(TestDeployment.Singapore), account.Id);
        var node = await deployment.RestartAsync(TestDeployment.Beijing, region =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(DatabaseOf(region, account.Id))!);
            File.Copy(from, DatabaseOf(region, account.Id));
        });
        node.Region.Directory.Take(new DirectoryUpdate([new DirectoryEntry(account, TestDeployment.Beijing, 1, 1)], 1, null));

        await IsSaidAsync(node, account.Id, "was not wrapped by this region's custodian");
        Assert.DoesNotContain(await node.ExamineAsync(Stop), one => one.Finding.Contains(healthy.Id.Value, StringComparison.Ordinal));
    }

    private static async Task IsSaidAsync(RegionNode node, AccountId account, string what)
    {
        var route = await node.Gateway.RouteAsync(account, isWrite: false, Stop);
        if (route is Route.Here here)
        {
            await using var copy = here.Copy;
            await Assert.ThrowsAsync<StorageUnreadableException>(
                async () => await copy.FindCredentialAsync((await copy.ListCredentialsAsync(Stop))[0].AccessKeyId, Stop));
        }
        else
        {
            Assert.Contains(what, Assert.IsType<Route.Damaged>(route).Reason, StringComparison.Ordinal);
        }

        var finding = Assert.Single(await node.ExamineAsync(Stop), one => one.Status == "error");
        Assert.Contains(what, finding.Finding, StringComparison.Ordinal);
        Assert.StartsWith("Stop the region, put", finding.Advice, StringComparison.Ordinal);
    }

    private static string DatabaseOf(string region, AccountId account)
        => Path.Combine(region, "accounts", account.Value[..2], account.Value, AccountStore.DatabaseName);
}
