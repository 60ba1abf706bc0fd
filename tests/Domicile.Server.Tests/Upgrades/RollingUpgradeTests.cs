using Domicile.Control;
using Domicile.Moves;
using Domicile.Server.Tests.Command;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Faults;
using Domicile.Server.Tests.Moves;
using Domicile.Storage;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Domicile.Server.Tests.Upgrades;

/// <summary>A deployment of the last release becomes one of this build, process by process, while it is used.</summary>
public sealed class RollingUpgradeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Goal: nothing that is under way minds an upgrade, in whichever order; and a mixed deployment works.
    // Method: the last release makes the deployment. Each process is killed and replaced while moves stand at steps of all
    // three, under clients whose answers are checked: each time at a sixth of the steps, all of them in both orders. Before,
    // between and after, what an operator does every day is done.
    [Theory]
    [InlineData("control beijing singapore", 0)]
    [InlineData("singapore beijing control", 3)]
    public async Task Processes_are_replaced_one_by_one_while_accounts_move(string order, int first)
    {
        await using var deployment = await StartAsync();
        await WorkAsync(deployment);
        Assert.True(LowestFormat(deployment, "account.db") < Schema.Format.Version);
        foreach (var (turn, process) in order.Split(' ').Index())
        {
            var points = FaultPoint.Apart.Where((_, number) => number % 6 == first + turn).ToList();
            var troubles = await FaultRound.RunAsync(deployment, process, new Fault.Replaced(), points);
            Assert.True(troubles.Count == 0, $"{process}: {string.Join("\n", troubles)}");
            await WorkAsync(deployment);
        }

        await CheckReceiptsAsync(deployment);
        foreach (var finding in (await deployment.Control.DoctorAsync()).Findings)
        {
            Assert.True(finding.Status != "error", $"{finding.Place}: {finding.Finding}");
            Assert.DoesNotContain("end the upgrade", finding.Advice, StringComparison.Ordinal);
        }

        Assert.Equal(ControlSchema.Format.Version, LowestFormat(deployment, ControlDatabase.FileName));
        Assert.Equal(RegionDirectory.Format.Version, LowestFormat(deployment, RegionDirectory.FileName));
    }

    // Goal: what the manual says of going back is so: control may; a region may not, and what it then refuses stays as it is.
    [Fact]
    public async Task Control_goes_back_and_a_region_that_goes_back_refuses_what_was_upgraded()
    {
        await using var deployment = await StartAsync();
        var account = await deployment.Control.AddAccountAsync("IN", "beijing");
        using var s3 = deployment.OpenS3(account);
        await s3.PutBucketAsync("kept", Cancelled);
        foreach (var process in FaultPoint.Parties)
        {
            await RunAsync(deployment, process, null);
        }

        var move = await deployment.Control.MoveAsync(account.Account, "singapore");
        var last = await LastRelease.ServerAsync();

        await RunAsync(deployment, "control", last);
        Assert.Contains((await deployment.Control.ListMovesAsync()).Moves, one => one.Move == move.Move && one.State == "done");
        Assert.Equal("done", (await deployment.Control.MoveAsync(account.Account, "beijing")).State);
        await deployment.StopAsync("beijing");
        var database = Path.Combine(
            deployment.DirectoryOf("beijing"), "accounts", account.Account[..2], account.Account, "account.db");
        var before = await File.ReadAllBytesAsync(database, Cancelled);
        deployment.Use("beijing", last);
        await deployment.StartAsync("beijing");
        await Assert.ThrowsAnyAsync<Exception>(() => s3.ListBucketsAsync(Cancelled));
        Assert.Contains("Run a newer release", deployment.LogOf("beijing"), StringComparison.Ordinal);
        await deployment.StopAsync("beijing");
        Assert.Equal(before, await File.ReadAllBytesAsync(database, Cancelled));

        deployment.Use("beijing", null);
        await deployment.StartAsync("beijing");
        await RunAsync(deployment, "control", null);
        Assert.Equal("kept", Assert.Single((await s3.ListBucketsAsync(Cancelled)).Buckets).BucketName);
        Assert.Equal("done", (await deployment.Control.MoveAsync(account.Account, "singapore")).State);
        await CheckReceiptsAsync(deployment);
    }

    private static async Task<LiveDeployment> StartAsync()
        => await LiveDeployment.StartAsync(new DeploymentSetup
        {
            Policy = TestPolicies.Anywhere,
            Regions = [DeploymentSetup.Beijing, DeploymentSetup.Singapore],
            Program = await LastRelease.ServerAsync(),
        });

    private static async Task RunAsync(LiveDeployment deployment, string process, string? program)
    {
        await deployment.StopAsync(process);
        deployment.Use(process, program);
        await deployment.StartAsync(process);
    }

    private static async Task WorkAsync(LiveDeployment deployment)
    {
        var account = await deployment.Control.AddAccountAsync("IN", "beijing");
        foreach (var target in new[] { "singapore", "beijing" })
        {
            var move = await deployment.Control.MoveAsync(account.Account, target);
            Assert.True(move.State == "done", $"{move.State}: {move.Reason} {move.Trouble}");
        }

        foreach (var line in new[]
        {
            "status", "doctor", "plan", "apply", "moves list", "ledger checkpoint", $"where {account.Account}",
            $"key add {account.Account} --label upgraded", $"key list {account.Account}", $"verify --account {account.Account} --deep",
            $"account erase {account.Account}",
        })
        {
            var run = await CliCall.RunAsync(deployment.Directory, line);
            Assert.True(run.Code == 0, $"{line}: {run.Code} {run.Out} {run.Error}");
        }
    }

    private static async Task CheckReceiptsAsync(LiveDeployment deployment)
    {
        var key = Path.Combine(deployment.Directory, "ledger.pem");
        var checkpoint = await deployment.Control.GetAsync("ledger/checkpoint", ApiJson.Default.CheckpointView);
        await File.WriteAllTextAsync(key, checkpoint.PublicKeyPem, Cancelled);
        var receipt = Path.Combine(deployment.Directory, "receipt.json");
        var done = (await deployment.Control.ListMovesAsync()).Moves.Where(move => move.State == "done").ToList();
        Assert.NotEmpty(done);
        foreach (var move in done)
        {
            var fetched = await CliCall.RunAsync(deployment.Directory, $"receipt {move.Move} -o {receipt}");
            Assert.True(fetched.Code == 0, fetched.Error);
            var verified = await CliCall.RunAsync("verify", receipt, "--key", key);
            Assert.True(verified.Code == 0, $"{move.Move}: {verified.Out} {verified.Error}");
        }
    }

    private static long LowestFormat(LiveDeployment deployment, string name)
        => Directory.EnumerateFiles(deployment.Directory, name, SearchOption.AllDirectories).Min(path =>
        {
            using var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version";
            return (long)command.ExecuteScalar()!;
        });
}
