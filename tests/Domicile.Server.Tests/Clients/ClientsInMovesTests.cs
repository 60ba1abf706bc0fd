using System.Diagnostics;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Moves;
using Xunit;

namespace Domicile.Server.Tests.Clients;

/// <summary>Programs that know nothing of moves go on while their account moves there and back, and see no error.</summary>
public sealed class ClientsInMovesTests
{
    private const string Here = "beijing";
    private const string There = "singapore";
    private const int MovesMin = 10;

    // A move of gigabytes to which more come, on a machine that does much else.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // How many parts of 64 MiB come while the account makes its first move, its second, …, and after the last one: 5 GiB, late
    // rather than early, since each move copies what has come so far.
    private static readonly int[] Shares = [1, 1, 1, 1, 1, 1, 2, 4, 8, 12];
    private const int SentLast = 48;

    // States of a move once the account is served at its new home, and those in which it never will be.
    private static readonly string[] HasSettled = ["erasing", "done", "aborted", "failed"];

    private static readonly DeploymentSetup Setup = new()
    {
        Policy = TestPolicies.Anywhere,
        Regions = [DeploymentSetup.Beijing, DeploymentSetup.Singapore],
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Goal: no error and no wrong byte for anyone, whatever the program and wherever the account is at the moment.
    // Method: each program has an account, which moves until ten moves are done and the program's turn is over; the program
    // begins turn after turn until ten moves are done. None may try anything twice.
    [Fact]
    public async Task Ten_moves_in_a_row_go_unnoticed_by_stock_programs()
    {
        StockProgram.Need("restic");
        StockProgram.Need("rclone");
        StockProgram.Need("aws");
        await using var deployment = await LiveDeployment.StartAsync(Setup);
        await Task.WhenAll(
            RunAsync(deployment, "restic", jobs => jobs.ResticAsync),
            RunAsync(deployment, "rclone", jobs => jobs.RcloneAsync),
            RunAsync(deployment, "aws", jobs => jobs.AwsAsync),
            RunAsync(deployment, "a slow reader", jobs => jobs.ReadSlowlyAsync));
    }

    // Goal: one upload of 5 GiB in parts, with retries off, goes on as if nothing had happened while its account moves ten
    // times in a row.
    // Method: each move has its share of the parts. One of them is half sent when the move begins, and gets its end when the
    // account is served elsewhere; the others come while the move copies. A move copies what has come so far: in all 14 GiB.
    // The ETag is the MD5 of the parts' MD5s; all of it is read back.
    [Fact]
    public async Task An_upload_of_5_GiB_in_parts_goes_unnoticed_through_ten_moves_in_a_row()
    {
        await using var deployment = await LiveDeployment.StartAsync(Setup);
        var account = await deployment.Control.AddAccountAsync("IN", Here);
        using var s3 = deployment.OpenS3(account, change: config =>
        {
            LiveDeployment.SendOnce(config);
            config.RequestChecksumCalculation = Amazon.Runtime.RequestChecksumCalculation.WHEN_REQUIRED;
            config.ResponseChecksumValidation = Amazon.Runtime.ResponseChecksumValidation.WHEN_REQUIRED;
        });
        await s3.PutBucketAsync("large", Cancelled);
        var upload = await LargeUpload.BeginAsync(s3, "large", "5-gib", Shares.Sum() + SentLast);
        for (var move = 0; move < Shares.Length; move++)
        {
            var parts = Enumerable.Range(Shares[..move].Sum(), Shares[move]);
            await MoveWithinAsync(deployment, account.Account, move % 2 == 0 ? There : Here, upload, [.. parts]);
        }

        await upload.SendAsync(Enumerable.Range(Shares.Sum(), SentLast));
        Assert.Equal(5L << 30, await upload.EndAsync());
        Assert.Empty((await deployment.Control.VerifyAsync(account.Account)).Result.Troubles);
    }

    private static async Task RunAsync(LiveDeployment deployment, string program, Func<ClientJobs, Func<int, Task>> jobOf)
    {
        var account = await deployment.Control.AddAccountAsync("IN", Here);
        using var jobs = new ClientJobs(deployment, account);
        await jobs.MakeBucketsAsync();
        var moves = 0;
        var isMoving = true;
        var turns = 0;
        var working = WorkAsync();
        for (; (moves < MovesMin || !working.IsCompleted) && !working.IsFaulted; moves++)
        {
            var move = await deployment.Control.MoveAsync(account.Account, moves % 2 == 0 ? There : Here);
            Assert.True(move.State == "done", $"{program}'s account: {move.State} {move.Reason}");
            Volatile.Write(ref isMoving, moves + 1 < MovesMin);
        }

        Volatile.Write(ref isMoving, false);
        await working;
        Assert.Empty((await deployment.Control.VerifyAsync(account.Account)).Result.Troubles);
        TestContext.Current.TestOutputHelper!.WriteLine($"{program}: {turns} turns in {moves} moves");

        async Task WorkAsync()
        {
            do
            {
                await jobOf(jobs)(turns++);
            }
            while (Volatile.Read(ref isMoving));
        }
    }

    /// <summary>Moves the account while these parts are sent.</summary>
    private static async Task MoveWithinAsync(
        LiveDeployment deployment, string account, string to, LargeUpload upload, int[] parts)
    {
        var time = Stopwatch.StartNew();
        var elsewhere = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var half = await upload.SendHalfAsync(parts[0], elsewhere.Task);
        var begun = await deployment.Control.BeginMoveAsync(account, to);
        var sending = upload.SendAsync(parts.Skip(1));
        await deployment.Control.MoveBecomesAsync(begun.Move, move => HasSettled.Contains(move.State), "has settled", Patience);
        Assert.False(half.IsCompleted, "the part that was to span the cut-over has ended before it");
        elsewhere.SetResult();
        await Task.WhenAll(half, sending);
        var end = await deployment.Control.EndOfMoveAsync(begun.Move);
        Assert.True(end.State == "done", $"{end.State} {end.Reason}");
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{to}: {time.Elapsed.TotalSeconds:0.0} s, of which writes waited {end.PauseMs:0} ms");
    }
}
