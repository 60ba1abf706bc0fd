using System.Text;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>A database whose pages rot: no read gives what is false, and a deep verification says what there is.</summary>
public sealed class RottenPageTests
{
    private const int PageBytes = 4096;
    private const string Marker = "rotten-bucket-";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Goal: a page that is no page is an error, of this account alone. Method: the page with the rows' names becomes zeros.
    [Fact]
    public async Task A_page_that_is_none_is_an_error_and_is_found()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (rotten, healthy) = await AddTwoAsync(deployment);
        var node = await deployment.RestartAsync(
            TestDeployment.Beijing,
            region => Rot(region, rotten.Id, (bytes, at) => bytes.AsSpan(at / PageBytes * PageBytes, PageBytes).Clear()));

        await using var copy = Assert.IsType<Route.Here>(await node.Gateway.RouteAsync(rotten.Id, isWrite: false, Stop)).Copy;
        await Assert.ThrowsAsync<StorageUnreadableException>(async () => await copy.ListBucketsAsync("", null, 1000, Stop));
        var found = await node.VerifyDeepAsync(rotten.Id, Stop);
        Assert.False(found.DigestMatches);
        Assert.Contains(found.Troubles, trouble => trouble.Contains("damaged", StringComparison.Ordinal));
        Assert.Contains(await node.ExamineAsync(Stop), finding => finding.Status == "error"
            && finding.Finding.Contains(rotten.Id.Value, StringComparison.Ordinal));
        Assert.Empty((await node.VerifyDeepAsync(healthy.Id, Stop)).Troubles);
    }

    // Goal: what is well-formed and false is found. Method: a bit of a bucket's name, in the row and its index alike, which only
    // the digest tells; and in one of the two, which contradict each other then.
    [Theory]
    [InlineData(true, "set digest")]
    [InlineData(false, "pages are damaged")]
    public async Task A_flipped_bit_in_a_row_is_found(bool everywhere, string expected)
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (rotten, _) = await AddTwoAsync(deployment);
        var node = await deployment.RestartAsync(
            TestDeployment.Beijing,
            region => Rot(region, rotten.Id, (bytes, first) =>
            {
                for (var at = first; at >= 0; at = everywhere ? Find(bytes, at + 1) : -1)
                {
                    bytes[at + Marker.Length - 1] ^= 1;
                }
            }));

        var found = await node.VerifyDeepAsync(rotten.Id, Stop);

        Assert.Contains(found.Troubles, trouble => trouble.Contains(expected, StringComparison.Ordinal));
    }

    private static async Task<(AccountProfile Rotten, AccountProfile Healthy)> AddTwoAsync(TestDeployment deployment)
    {
        var accounts = new List<AccountProfile>();
        for (var number = 0; number < 2; number++)
        {
            accounts.Add(await deployment.AddAccountAsync(TestDeployment.Beijing));
            for (var bucket = 0; bucket < 40; bucket++)
            {
                Assert.IsNotType<CommandResult.Refused>(await deployment.Node(TestDeployment.Beijing).ExecuteAsync(
                    accounts[^1].Id, new CreateBucket($"{Marker}{bucket:d3}"), Stop));
            }
        }

        return (accounts[0], accounts[1]);
    }

    private static void Rot(string region, AccountId account, Action<byte[], int> rot)
    {
        var path = Path.Combine(region, "accounts", account.Value[..2], account.Value, AccountStore.DatabaseName);
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var at = Find(bytes, 0);
        Assert.True(at > PageBytes);
        rot(bytes, at);
        file.Position = 0;
        file.Write(bytes);
    }

    private static int Find(byte[] bytes, int from)
    {
        var at = bytes.AsSpan(from).IndexOf(Encoding.ASCII.GetBytes($"{Marker}000"));
        return at < 0 ? -1 : from + at;
    }
}
