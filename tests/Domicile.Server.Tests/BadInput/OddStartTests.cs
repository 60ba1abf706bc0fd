using System.Net.Sockets;
using Amazon.S3.Model;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Faults;
using Domicile.Server.Tests.Moves;
using Xunit;

namespace Domicile.Server.Tests.BadInput;

/// <summary>Processes that start where the system gives them little or tells them wrong: they serve, or say what is wrong.</summary>
public sealed class OddStartTests
{
    private const int Files = 300;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Goal: connections that say nothing leave a small process files for clients and for its store. Method: 300 files, 280 silent
    // connections; then six clients of two accounts, each over a connection of its own. Clocks of years, in the same deployment.
    [Fact]
    public async Task Few_files_are_shared_and_a_clock_that_is_years_off_is_said()
    {
        using var clocks = await WrongClocks.MakeAsync(FaultPoint.Parties);
        Assert.SkipWhen(clocks is null, "Not installed: gcc.");
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup
        {
            Policy = TestPolicies.Anywhere,
            Regions = [DeploymentSetup.Beijing, DeploymentSetup.Singapore],
            Environment = new Dictionary<string, string>(clocks.Environment) { ["FEW_FILES"] = $"{Files}" },
        });
        await SilentConnectionsLeaveRoomAsync(deployment);
        await AClockOfYearsIsSaidAsync(deployment, clocks);
    }

    private static async Task SilentConnectionsLeaveRoomAsync(LiveDeployment deployment)
    {
        var endpoint = deployment.EndpointOf(FaultPoint.Source);
        var silent = new List<TcpClient>();
        try
        {
            for (var number = 0; number < Files - 20; number++)
            {
                silent.Add(new TcpClient());
                await silent[^1].ConnectAsync(endpoint.Host, endpoint.Port, Cancelled);
            }

            // They came at once: until the first of them are closed, there may be no file left.
            await Eventually.HoldsAsync(
                async () => (await deployment.Control.StatusAsync()).Regions.All(region => region.State == "ready"), "the burst is over");
            for (var number = 0; number < 6; number++)
            {
                var account = await deployment.Control.AddAccountAsync("IN", FaultPoint.Source);
                using var s3 = deployment.OpenS3(account, change: LiveDeployment.SendOnce);
                await s3.PutBucketAsync("photos", Cancelled);
                await s3.PutObjectAsync(
                    new PutObjectRequest { BucketName = "photos", Key = "one", ContentBody = new string('x', 100_000) }, Cancelled);
                using var answer = await s3.GetObjectAsync("photos", "one", Cancelled);
                Assert.Equal(100_000, answer.ContentLength);
            }

            Assert.Contains($"may have {Files} files open", deployment.LogOf(FaultPoint.Source), StringComparison.Ordinal);
        }
        finally
        {
            silent.ForEach(one => one.Dispose());
        }
    }

    private static async Task AClockOfYearsIsSaidAsync(LiveDeployment deployment, WrongClocks clocks)
    {
        var account = await deployment.Control.AddAccountAsync("IN", FaultPoint.Source);
        foreach (var years in (int[])[-20, 20])
        {
            // A region serves and says it: no other process believes its certificate by such a clock, nor it theirs.
            await RestartAsync(deployment, clocks, FaultPoint.Source, TimeSpan.FromDays(365.25 * years));
            await Eventually.HoldsAsync(
                () => Task.FromResult(deployment.LogOf(FaultPoint.Source).Contains("This machine's clock says", StringComparison.Ordinal)),
                "the region says it");
            var finding = Assert.Single(
                (await deployment.Control.DoctorAsync()).Findings, one => one.Place == FaultPoint.Source && one.Status == "error");
            Assert.Contains("clock", finding.Advice, StringComparison.Ordinal);
            await RestartAsync(deployment, clocks, FaultPoint.Source, TimeSpan.Zero);

            // Control doesn't start: its certificates would be good nowhere. Nothing was changed.
            var issued = await File.ReadAllTextAsync(Path.Combine(deployment.DirectoryOf(FaultPoint.Source), "tls", "peer.pem"), Cancelled);
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(
                () => RestartAsync(deployment, clocks, FaultPoint.Control, TimeSpan.FromDays(365.25 * years)));
            Assert.Contains("Set the clock (NTP)", refused.Message, StringComparison.Ordinal);
            Assert.Equal(
                issued, await File.ReadAllTextAsync(Path.Combine(deployment.DirectoryOf(FaultPoint.Source), "tls", "peer.pem"), Cancelled));
            await RestartAsync(deployment, clocks, FaultPoint.Control, TimeSpan.Zero);
        }

        Assert.Equal("done", (await deployment.Control.MoveAsync(account.Account, FaultPoint.Target)).State);
    }

    private static async Task RestartAsync(LiveDeployment deployment, WrongClocks clocks, string process, TimeSpan off)
    {
        await deployment.EndAsync(process);
        clocks.Set(process, off);
        await deployment.StartAsync(process);
    }
}
