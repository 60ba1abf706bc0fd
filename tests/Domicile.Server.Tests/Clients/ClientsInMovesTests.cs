using System.Buffers.Binary;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Control;
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

    private const int PartBytes = 64 << 20;
    private const int PartCount = 80;
    private const int PartsAtOnce = 4;

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

    // Goal: an upload of 5 GiB in parts goes on as if nothing had happened when its account moves in the middle of it.
    // Method: each part says its number, and is cheap to make; the ETag is the MD5 of the parts' MD5s; parts are read back.
    [Fact]
    public async Task An_upload_of_5_GiB_in_parts_goes_unnoticed_through_a_move()
    {
        await using var deployment = await LiveDeployment.StartAsync(Setup);
        var account = await deployment.Control.AddAccountAsync("IN", Here);
        using var s3 = deployment.OpenS3(account, change: config =>
        {
            config.MaxErrorRetry = 0;
            config.RequestChecksumCalculation = Amazon.Runtime.RequestChecksumCalculation.WHEN_REQUIRED;
            config.ResponseChecksumValidation = Amazon.Runtime.ResponseChecksumValidation.WHEN_REQUIRED;
        });
        await s3.PutBucketAsync("large", Cancelled);
        var upload = await s3.InitiateMultipartUploadAsync("large", "5-gib", Cancelled);
        var filler = new byte[PartBytes];
        new Random(1).NextBytes(filler);
        var tags = new PartETag[PartCount];
        var sums = new byte[PartCount][];
        Task<MoveView>? moving = null;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, PartCount),
            new ParallelOptions { MaxDegreeOfParallelism = PartsAtOnce, CancellationToken = Cancelled },
            async (number, _) =>
            {
                var part = Part(filler, number);
                sums[number] = MD5.HashData(part);
                tags[number] = await UploadAsync(s3, upload.UploadId, number, part);
                if (number == PartCount / 4)
                {
                    moving = deployment.Control.MoveAsync(account.Account, There);
                }
            });
        var whole = await s3.CompleteMultipartUploadAsync(
            new CompleteMultipartUploadRequest
            {
                BucketName = "large",
                Key = "5-gib",
                UploadId = upload.UploadId,
                PartETags = [.. tags],
            },
            Cancelled);
        Assert.Equal("done", (await moving!).State);

        // S3, "Checking object integrity": of an upload in parts, the MD5 of all parts' MD5s, and their count.
        Assert.Equal($"\"{Convert.ToHexStringLower(MD5.HashData([.. sums.SelectMany(sum => sum)]))}-{PartCount}\"", whole.ETag);
        foreach (var number in (int[])[0, (PartCount / 4) + 1, PartCount / 2, PartCount - 1])
        {
            var read = await ReadAsync(s3, number);
            Assert.True(Part(filler, number).AsSpan().SequenceEqual(read), $"part {number} is not what was sent");
        }
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

    // A copy for each of the few that are under way at once.
    private static byte[] Part(byte[] filler, int number)
    {
        var part = filler.ToArray();
        for (var at = 0; at < PartBytes; at += 1 << 20)
        {
            BinaryPrimitives.WriteInt32BigEndian(part.AsSpan(at), number);
        }

        return part;
    }

    private static async Task<PartETag> UploadAsync(AmazonS3Client s3, string upload, int number, byte[] part)
    {
        var answer = await s3.UploadPartAsync(
            new UploadPartRequest
            {
                BucketName = "large",
                Key = "5-gib",
                UploadId = upload,
                PartNumber = number + 1,
                InputStream = new MemoryStream(part),
                PartSize = PartBytes,
            },
            Cancelled);
        return new PartETag(number + 1, answer.ETag);
    }

    private static async Task<byte[]> ReadAsync(AmazonS3Client s3, int number)
    {
        using var answer = await s3.GetObjectAsync(
            new GetObjectRequest
            {
                BucketName = "large",
                Key = "5-gib",
                ByteRange = new ByteRange((long)number * PartBytes, ((long)(number + 1) * PartBytes) - 1),
            },
            Cancelled);
        var bytes = new byte[PartBytes];
        await answer.ResponseStream.ReadExactlyAsync(bytes, Cancelled);
        return bytes;
    }
}
