using System.Diagnostics;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Cli.Demo;
using Domicile.Control;
using Domicile.Server.Tests.Command;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.Moves;

/// <summary>What is left behind, and what proves it.</summary>
public sealed class ProofTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Goal: not a byte of the account is left at its former home: no name, no metadata, no content, no upload, no key.
    // Method: everything carries a marker; all files of the region, logs too, are searched before (where they must be seen)
    // and after. The former home goes on running, so its -wal and -shm files are searched as they are.
    [Fact]
    public async Task Nothing_of_a_moved_account_is_left_in_any_file_of_its_former_home()
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup { Policy = TestPolicies.Anywhere });
        var account = await deployment.Control.AddAccountAsync("IN", "beijing");
        var (names, hidden) = await FillAsync(deployment, account);
        var before = Search(deployment, [.. names.Append(account.AccessKey)]);
        Assert.Equal(names.Count + 1, before.Finds.Select(found => found.Needle).Distinct().Count());

        var move = await deployment.Control.MoveAsync(account.Account, "singapore");

        Assert.Equal("done", move.State);
        Assert.Empty(Search(deployment, [.. names, .. hidden, account.AccessKey, account.SecretKey]).Finds);

        // Nor at control, which knows no names at all, nor in plain sight at the new home.
        var everywhere = MarkerScan.Search(deployment.DirectoryOf("control"), Bytes([.. names, .. hidden]), Cancelled);
        Assert.Empty(everywhere.Finds);
    }

    [Fact]
    public async Task A_receipt_is_verified_by_openssl_alone_and_a_flipped_byte_is_not()
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup { Policy = TestPolicies.Anywhere });
        var account = await deployment.Control.AddAccountAsync("IN", "beijing");
        await FillAsync(deployment, account);
        var move = await deployment.Control.MoveAsync(account.Account, "singapore");
        var checkpoint = await deployment.Control.GetAsync("ledger/checkpoint", ApiJson.Default.CheckpointView);
        var key = await WriteAsync(deployment, "ledger.pem", Encoding.ASCII.GetBytes(checkpoint.PublicKeyPem));
        var bytes = await deployment.Control.ReceiptAsync(move.Move);
        var receipt = await WriteAsync(deployment, "receipt.json", bytes);

        Assert.Equal(0, await VerifyByScriptAsync(receipt, key));
        Assert.Equal(0, (await CliCall.RunAsync("verify", receipt, "--key", key)).Code);

        // Twelve places all over the file; each flip keeps it text.
        for (var at = bytes.Length / 24; at < bytes.Length; at += bytes.Length / 12)
        {
            var flipped = bytes.ToArray();
            flipped[at] ^= 1;
            var path = await WriteAsync(deployment, "flipped.json", flipped);
            Assert.NotEqual(0, await VerifyByScriptAsync(path, key));
            Assert.Equal(1, (await CliCall.RunAsync("verify", path, "--key", key)).Code);
        }
    }

    [Theory]
    [InlineData("contents")]
    [InlineData("account.db")]
    public async Task A_deep_verification_finds_a_flipped_bit(string where)
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup { Policy = TestPolicies.Anywhere });
        var account = await deployment.Control.AddAccountAsync("IN", "beijing");
        await FillAsync(deployment, account);
        Assert.Equal(0, (await CliCall.RunAsync(deployment.Directory, $"verify --account {account.Account} --deep")).Code);

        // Stopped, so that what is flipped is what is read, and not a page in memory or in the log.
        await deployment.StopAsync("beijing");
        var directory = Path.Combine(deployment.DirectoryOf("beijing"), "accounts", account.Account[..2], account.Account);
        if (where == "contents")
        {
            Flip(Directory.EnumerateFiles(Path.Combine(directory, "contents"), "*", SearchOption.AllDirectories)
                .MaxBy(file => new FileInfo(file).Length)!, 1000);
        }
        else
        {
            // Inside of a row: the content of an object that lies in the database.
            var database = Path.Combine(directory, "account.db");
            var at = MarkerScan.Search(directory, Bytes(["marker-note"]), Cancelled).Finds
                .First(found => found.File == database).Offset;
            Flip(database, at + 2);
        }

        await deployment.StartAsync("beijing");
        var verified = await CliCall.RunAsync(deployment.Directory, $"verify --account {account.Account} --deep --json");
        Assert.Equal(1, verified.Code);
        var result = CliCall.OneDocument(verified.Out, "verify").GetProperty("result");
        Assert.True(!result.GetProperty("digestMatches").GetBoolean() || result.GetProperty("troubles").GetArrayLength() > 0);
    }

    // Names lie in the database as they are; contents and secrets are encrypted, and must not be seen anywhere.
    private static async Task<(List<string> Names, List<string> Hidden)> FillAsync(LiveDeployment deployment, NewAccountView account)
    {
        using var s3 = deployment.OpenS3(account);
        await s3.PutBucketAsync("marker-bucket", Cancelled);
        await s3.PutBucketVersioningAsync(
            new PutBucketVersioningRequest
            {
                BucketName = "marker-bucket",
                VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled },
            },
            Cancelled);
        foreach (var (key, length) in new[] { ("marker-inline", 900), ("marker-file", 300_000), ("marker-deleted", 50) })
        {
            var put = new PutObjectRequest
            {
                BucketName = "marker-bucket",
                Key = key,
                ContentBody = "marker-content" + new string('x', length),
                TagSet = [new Tag { Key = "marker-tag", Value = "1" }],
            };
            put.Metadata["about"] = "marker-note";
            await s3.PutObjectAsync(put, Cancelled);
        }

        await s3.DeleteObjectAsync("marker-bucket", "marker-deleted", Cancelled);
        var upload = await s3.InitiateMultipartUploadAsync("marker-bucket", "marker-upload", Cancelled);
        await s3.UploadPartAsync(
            new UploadPartRequest
            {
                BucketName = "marker-bucket",
                Key = "marker-upload",
                UploadId = upload.UploadId,
                PartNumber = 1,
                InputStream = new MemoryStream(Encoding.ASCII.GetBytes("marker-content" + new string('y', 100_000))),
            },
            Cancelled);
        return (
            [
                "marker-bucket", "marker-inline", "marker-file", "marker-deleted", "marker-tag", "marker-note", "marker-upload",
                upload.UploadId,
            ],
            ["marker-content", account.SecretKey]);
    }

    private static ScanResult Search(LiveDeployment deployment, IReadOnlyList<string> markers)
        => MarkerScan.Search(deployment.DirectoryOf("beijing"), Bytes(markers), Cancelled);

    private static IReadOnlyList<byte[]> Bytes(IReadOnlyList<string> texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    private static void Flip(string file, long at)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = at;
        var old = stream.ReadByte();
        stream.Position = at;
        stream.WriteByte((byte)(old ^ 1));
    }

    private static async Task<string> WriteAsync(LiveDeployment deployment, string name, byte[] bytes)
    {
        var path = Path.Combine(deployment.Directory, name);
        await File.WriteAllBytesAsync(path, bytes, Cancelled);
        return path;
    }

    private static async Task<int> VerifyByScriptAsync(string receipt, string key)
    {
        var script = Path.Combine(Repository.Root, "docs", "formats", "verify-receipt.sh");
        using var bash = Process.Start(new ProcessStartInfo("bash", [script, receipt, key])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _ = await Task.WhenAll(bash.StandardOutput.ReadToEndAsync(Cancelled), bash.StandardError.ReadToEndAsync(Cancelled));
        await bash.WaitForExitAsync(Cancelled);
        return bash.ExitCode;
    }
}
