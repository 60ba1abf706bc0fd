using System.Diagnostics;
using Amazon.S3.Model;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Moves;
using Xunit;

namespace Domicile.Server.Tests.Faults;

/// <summary>Control dies in mid-cut-over and does not come back: the regions settle it between them.</summary>
public sealed class ControlGoneTests
{
    // The source waits 15 s, then looks every second; the rest is for a slow machine.
    private static readonly TimeSpan WritesResumeWithin = TimeSpan.FromSeconds(25);

    // Longer than the source's patience and the wait for a lock, 15 s and 5 s: what the target has said can't be recorded.
    private static readonly TimeSpan LockedFor = TimeSpan.FromSeconds(22);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <param name="point">Where control dies.</param>
    /// <param name="end">What the move is found to be when control comes back at last.</param>
    [Theory]
    [InlineData("Sealing-Draining.saved", "aborted")]
    [InlineData("Departing-Activating.saved", "aborted")]
    [InlineData("Activating-Settling.saving", "done")]
    public async Task Writes_resume_without_control_and_control_learns_what_was_decided(string point, string end)
    {
        await using var deployment = await LiveDeployment.StartAsync(
            new DeploymentSetup
            {
                Policy = TestPolicies.Anywhere,
                Regions = [DeploymentSetup.Beijing, DeploymentSetup.Singapore],
            });
        var account = await deployment.Control.AddAccountAsync("IN", "beijing");
        using var s3 = deployment.OpenS3(account, change: config => config.Timeout = WritesResumeWithin * 2);
        await s3.PutBucketAsync("photos", Cancelled);
        await CrashPoints.SetAsync(deployment, "control", point);
        var move = await deployment.Control.BeginMoveAsync(account.Account, "singapore");
        await CrashPoints.DiedAtAsync(deployment, "control", point);

        var stopped = Stopwatch.StartNew();
        await s3.PutObjectAsync(
            new PutObjectRequest { BucketName = "photos", Key = "waited", ContentBody = "content" }, Cancelled);
        Assert.True(stopped.Elapsed < WritesResumeWithin, $"writes resumed after {stopped.Elapsed.TotalSeconds:0} s");
        var home = Assert.Single(
            AccountRowOnDisk.Read(deployment, account.Account), row => row.State == AccountRowOnDisk.Active);
        Assert.Equal(end == "done" ? "singapore" : "beijing", home.Region);

        await deployment.StartAsync("control");
        Assert.Equal(end, (await deployment.Control.EndOfMoveAsync(move.Move)).State);
        Assert.Equal(home.Region, (await deployment.Control.ShowAccountAsync(account.Account)).Home);
        using var found = await s3.GetObjectAsync("photos", "waited", Cancelled);
        Assert.Equal(7, found.ContentLength);
    }

    [Fact]
    public async Task Writes_resume_without_control_when_a_locked_database_has_kept_the_source_from_it()
    {
        await using var deployment = await LiveDeployment.StartAsync(
            new DeploymentSetup
            {
                Policy = TestPolicies.Anywhere,
                Regions = [DeploymentSetup.Beijing, DeploymentSetup.Singapore],
            });
        var account = await deployment.Control.AddAccountAsync("IN", "beijing");
        using var s3 = deployment.OpenS3(account, change: LiveDeployment.SendOnce);
        await s3.PutBucketAsync("photos", Cancelled);
        await CrashPoints.SetAsync(deployment, "control", "Sealing-Draining.saved");
        await deployment.Control.BeginMoveAsync(account.Account, "singapore");
        await CrashPoints.DiedAtAsync(deployment, "control", "Sealing-Draining.saved");

        var locked = new Fault.Locked();
        await locked.BeginAsync(deployment, "beijing");
        await Task.Delay(LockedFor, TimeProvider.System, Cancelled);
        await locked.EndAsync(deployment, "beijing");

        await s3.PutObjectAsync(
            new PutObjectRequest { BucketName = "photos", Key = "waited", ContentBody = "content" }, Cancelled);
    }
}
