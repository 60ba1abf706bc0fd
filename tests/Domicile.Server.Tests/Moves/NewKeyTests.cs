using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Amazon.S3.Model;
using Domicile.Proofs.Receipts;
using Domicile.Server.Tests.Deployment;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Domicile.Server.Tests.Moves;

/// <summary>What the key of a former home still opens at the new one.</summary>
public sealed class NewKeyTests
{
    private const int FilesCount = 30;
    private const int FileBytes = 150_000;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>
    /// Goal: once the new home says that all is encrypted again, the key that the former home had opens no content there, and
    /// clients have noticed nothing. Method: the key is taken from the former home's database, with its custodian's key, before
    /// the move; each content file and row is tried with it, by docs/formats/content.md alone. The new home's process
    /// is killed and started again while it encrypts after a rotation. The new key must open them all, or the trial proves nothing.
    /// </summary>
    [Fact]
    public async Task The_key_that_an_account_had_at_its_former_home_opens_nothing_at_the_new_one()
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup { Policy = TestPolicies.Anywhere });
        var account = await deployment.Control.AddAccountAsync("IN", "beijing");
        using var s3 = deployment.OpenS3(account);
        await s3.PutBucketAsync("kept", Cancelled);
        for (var i = 0; i < FilesCount; i++)
        {
            await s3.PutObjectAsync(
                new PutObjectRequest { BucketName = "kept", Key = $"{i}", InputStream = new MemoryStream(Plain(i)) }, Cancelled);
        }

        await using var workload = await Workload.StartAsync(deployment, account, clients: 3, seed: 1, retries: true);
        await workload.WritesGoOnAsync(10);
        var former = UnwrapKey(deployment, "beijing", account.Account);
        Assert.All(Trials(deployment, "beijing", account.Account, former), opens => Assert.True(opens));

        var move = await deployment.Control.MoveAsync(account.Account, "singapore");
        Assert.Equal("done", move.State);
        await workload.WritesGoOnAsync(10);
        await EncryptedAgainAsync(deployment, account.Account);
        await workload.WritesGoOnAsync(10);
        Assert.Empty(await workload.JudgeAsync());
        Assert.Empty(workload.Recorder.Failures);

        Assert.All(Trials(deployment, "singapore", account.Account, former), opens => Assert.False(opens));
        var proven = Assert.IsType<ReceiptVerification.Proven>(
            ReceiptVerification.Verify(await deployment.Control.ReceiptAsync(move.Move), trustedLedgerKey: null));
        Assert.True(proven.Statements.Reencryption!.EndedAt >= proven.Statements.Arrival.ActivatedAt);

        Assert.Equal(2, (await deployment.Control.RotateKeyAsync(account.Account)).Keys);
        var between = UnwrapKey(deployment, "singapore", account.Account);
        await deployment.KillAndStartAsync("singapore");
        await EncryptedAgainAsync(deployment, account.Account);

        var trials = Trials(deployment, "singapore", account.Account, UnwrapKey(deployment, "singapore", account.Account));
        Assert.True(trials.Count >= FilesCount);
        Assert.All(trials, opens => Assert.True(opens));
        Assert.All(Trials(deployment, "singapore", account.Account, former), opens => Assert.False(opens));
        Assert.NotEqual(former, between);
        for (var i = 0; i < FilesCount; i++)
        {
            using var answer = await s3.GetObjectAsync("kept", $"{i}", Cancelled);
            using var read = new MemoryStream();
            await answer.ResponseStream.CopyToAsync(read, Cancelled);
            Assert.Equal(Plain(i), read.ToArray());
        }

        Assert.True((await deployment.Control.VerifyAsync(account.Account)).Result is { DigestMatches: true, Troubles.Count: 0 });
    }

    private static byte[] Plain(int seed)
    {
        var bytes = new byte[FileBytes];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static Task EncryptedAgainAsync(LiveDeployment deployment, string account)
        => Eventually.HoldsAsync(
            async () => (await deployment.Control.ShowAccountAsync(account)).Encryption is null
                && NewestAndFormer(deployment, "singapore", account).Former is null,
            "encrypted again");

    private static (byte[] Newest, byte[]? Former) NewestAndFormer(LiveDeployment deployment, string region, string account)
    {
        var rows = Query(deployment, region, account, "SELECT wrapped_key, former_keys FROM account");
        return ((byte[])rows[0][0]!, (byte[]?)rows[0][1]);
    }

    private static byte[] UnwrapKey(LiveDeployment deployment, string region, string account)
    {
        var custodian = File.ReadAllBytes(Path.Combine(deployment.DirectoryOf(region), "keys", "custodian.key"));
        var wrapped = NewestAndFormer(deployment, region, account).Newest;
        var key = new byte[32];
        using var cipher = new AesGcm(custodian, 16);
        cipher.Decrypt(wrapped.AsSpan(1, 12), wrapped.AsSpan(13, 32), wrapped.AsSpan(45, 16), key, Encoding.ASCII.GetBytes(account));
        return key;
    }

    /// <summary>Of each content whose file or row is there: whether its first frame opens under this key.</summary>
    private static List<bool> Trials(LiveDeployment deployment, string region, string account, byte[] key)
    {
        var trials = new List<bool>();
        foreach (var row in Query(deployment, region, account, "SELECT content, length, inline FROM content"))
        {
            var (id, lengthBytes) = ((string)row[0]!, (long)row[1]!);
            var path = Path.Combine(DirectoryOf(deployment, region, account), "contents", id[..2], id);
            if (row[2] is byte[] inline)
            {
                trials.Add(Opens(key, id, inline, isLast: true));
            }
            else if (File.Exists(path))
            {
                var frames = File.ReadAllBytes(path)[8..];
                trials.Add(Opens(key, id, frames[..(int)Math.Min(frames.Length, 65_552)], isLast: lengthBytes <= 65_536));
            }
        }

        return trials;
    }

    private static bool Opens(byte[] accountKey, string id, byte[] frame, bool isLast)
    {
        var key = HKDF.DeriveKey(
            HashAlgorithmName.SHA256, accountKey, 32, salt: [], info: [.. "domicile content v1"u8, .. Encoding.ASCII.GetBytes(id)]);
        var nonce = new byte[12];
        BinaryPrimitives.WriteInt64BigEndian(nonce, 0);
        nonce[8] = isLast ? (byte)1 : (byte)0;
        using var cipher = new AesGcm(key, 16);
        try
        {
            cipher.Decrypt(nonce, frame[..^16], frame[^16..], new byte[frame.Length - 16]);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    private static string DirectoryOf(LiveDeployment deployment, string region, string account)
        => Path.Combine(deployment.DirectoryOf(region), "accounts", account[..2], account);

    private static List<object?[]> Query(LiveDeployment deployment, string region, string account, string sql)
    {
        var database = Path.Combine(DirectoryOf(deployment, region, account), "account.db");
        using var connection = new SqliteConnection($"Data Source={database};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read())
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        }

        return rows;
    }
}
