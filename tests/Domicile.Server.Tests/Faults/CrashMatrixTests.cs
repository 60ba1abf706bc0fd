using System.Text;
using Amazon.S3.Model;
using Domicile.Cli.Demo;
using Domicile.Control;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Moves;
using Xunit;

namespace Domicile.Server.Tests.Faults;

/// <summary>
/// kill -9 of each party at each step of a move. Whatever dies, and wherever: started again, the move ends by itself, every
/// acknowledged write is there, one home takes writes, the directory agrees, and the former home has nothing left.
/// </summary>
public abstract class CrashMatrixTests
{
    private const string Source = "beijing";
    private const string Target = "singapore";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Each point in turn in one deployment, each with an account of its own, whose clients write all the time.
    private protected static async Task RunAsync(string process, IReadOnlyList<string> points)
    {
        await using var deployment = await LiveDeployment.StartAsync(
            new DeploymentSetup
            {
                Policy = TestPolicies.Anywhere,
                Regions = [DeploymentSetup.Beijing, DeploymentSetup.Singapore],
            });
        var troubles = new List<string>();
        foreach (var point in points)
        {
            var account = await deployment.Control.AddAccountAsync("IN", Source);
            await using var workload = await Workload.StartAsync(deployment, account, clients: 3, seed: 7, retries: false);
            await MarkAsync(deployment, account);
            await workload.WritesGoOnAsync(5);
            await CrashPoints.SetAsync(deployment, process, point);
            var move = await deployment.Control.BeginMoveAsync(account.Account, Target);
            await CrashPoints.ReachedAsync(deployment, process, point);
            await deployment.StartAsync(process);
            var end = await deployment.Control.EndOfMoveAsync(move.Move, Patience);
            var found = await JudgeAsync(deployment, account, workload, end);
            troubles.AddRange(found.Select(trouble => $"{process} at {point}: {trouble}"));
            TestContext.Current.TestOutputHelper!.WriteLine($"{point}: {end.State}, {workload.Recorder.History.Count} requests");
        }

        Assert.Empty(troubles);
    }

    private static async Task<IReadOnlyList<string>> JudgeAsync(
        LiveDeployment deployment, NewAccountView account, Workload workload, MoveView end)
    {
        await workload.WritesGoOnAsync(5);
        var troubles = (await workload.JudgeAsync()).Select(violation => violation.ToString()).ToList();
        var home = end.State == "done" ? Target : Source;
        if (end.State is not ("done" or "aborted"))
        {
            troubles.Add($"the move ended as {end.State}: {end.Reason}");
        }

        var rows = AccountRowOnDisk.Read(deployment, account.Account);
        var active = rows.Where(row => row.State == AccountRowOnDisk.Active).Select(row => row.Region).ToList();
        if (!active.SequenceEqual([home]) || rows.Any(row => row.Region != home && row.HasData))
        {
            troubles.Add($"after {end.State}: {string.Join(", ", rows)}");
        }

        var shown = await deployment.Control.ShowAccountAsync(account.Account);
        if (shown.Home != home || shown.Epoch != rows.Single(row => row.Region == home).Epoch)
        {
            troubles.Add($"the directory says {shown}");
        }

        troubles.AddRange((await deployment.Control.VerifyAsync(account.Account)).Result.Troubles);
        var other = home == Target ? Source : Target;
        var found = MarkerScan.Search(deployment.DirectoryOf(other), Markers(account), Cancelled).Finds;
        troubles.AddRange(found.Select(one => $"{other} still has marker {one.Needle} in {one.File}"));
        var seen = MarkerScan.Search(deployment.DirectoryOf(home), Markers(account), Cancelled).Finds;
        return seen.Count > 0 ? troubles : [.. troubles, "the search for markers finds none where they must be"];
    }

    // Names and metadata, which no encryption hides in the files.
    private static async Task MarkAsync(LiveDeployment deployment, NewAccountView account)
    {
        using var s3 = deployment.OpenS3(account);
        var markers = Markers(account).Select(Encoding.ASCII.GetString).ToList();
        var put = new PutObjectRequest { BucketName = Workload.Plain, Key = $"{markers[0]}/file", ContentBody = new string('x', 200_000) };
        put.Metadata["note"] = markers[1];
        await s3.PutObjectAsync(put, Cancelled);
        await s3.InitiateMultipartUploadAsync(Workload.Versioned, $"{markers[0]}/upload", Cancelled);
    }

    private static IReadOnlyList<byte[]> Markers(NewAccountView account)
        => [.. new[] { $"marker-key-{account.Account}", $"marker-note-{account.Account}" }.Select(Encoding.ASCII.GetBytes)];
}

public sealed class SourceCrashTests : CrashMatrixTests
{
    [Fact]
    public Task The_source_may_die_at_any_step()
        => RunAsync(
            "beijing",
            [
                "prepare.asked", "prepare.done", "seal.asked", "seal.done", "depart.asked", "depart.done", "settle.asked",
                "settle.done", "erase.asked", "erasure.keyless", "erasure.rowless", "erase.done",
            ]);
}

public sealed class TargetCrashTests : CrashMatrixTests
{
    [Fact]
    public Task The_target_may_die_at_any_step()
        => RunAsync(
            "singapore",
            [
                "arrive.asked", "arrive.done", "pull.received", "pull.stored", "drain.asked", "drain.done", "activate.asked",
                "activate.done",
            ]);
}

public sealed class ControlCrashTests : CrashMatrixTests
{
    private static readonly string[] Steps =
    [
        "Planned-Copying", "Copying-Sealing", "Sealing-Draining", "Draining-Departing", "Departing-Activating",
        "Activating-Settling", "Settling-Erasing", "Erasing-Erasing", "Erasing-Done",
    ];

    [Fact]
    public Task Control_may_die_before_it_saves_any_step()
        => RunAsync("control", [.. Steps.Select(step => $"{step}.saving")]);

    [Fact]
    public Task Control_may_die_after_it_saved_any_step()
        => RunAsync("control", [.. Steps.Select(step => $"{step}.saved")]);
}
