using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Control;
using Domicile.Proofs.Receipts;
using Domicile.Proofs.Statements;
using Domicile.Server.Tests.Deployment;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Domicile.Server.Tests.Moves;

/// <summary>What a former home's process still has of an account once it has signed that it erased it.</summary>
public sealed class ErasedMemoryTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static DeploymentSetup Impatient => new()
    {
        Policy = TestPolicies.Anywhere,
        Environment = new Dictionary<string, string> { ["DOMICILE_ERASE_PATIENCE_SECONDS"] = "2" },
    };

    /// <summary>
    /// Goal: no account key and no access key's secret is in the process's memory. Method: an account with two keys, one of them
    /// added later, many requests signed by both, moved; then all that the process has mapped is read. Before the move the
    /// account's key must be seen there, or the search proves nothing.
    /// </summary>
    [Fact]
    public async Task After_the_receipt_the_former_homes_memory_has_no_key_and_no_secret_of_the_account()
    {
        await using var deployment = await LiveDeployment.StartAsync(Impatient);
        var account = await deployment.Control.AddAccountAsync("IN", "beijing");
        var second = await deployment.Control.PostAsync(
            $"accounts/{account.Account}/keys", new NewKey("second"), ApiJson.Default.NewKey, ApiJson.Default.NewKeyView);
        var name = $"object-{Guid.CreateVersion7()}";
        await UseAsync(deployment, account, name);
        await UseAsync(deployment, account with { AccessKey = second.AccessKey, SecretKey = second.SecretKey }, name);
        var accountKey = UnwrapKey(deployment, account.Account);
        var pid = deployment.PidOf("beijing");
        Assert.NotEqual(0, Count(pid, [accountKey])[0]);

        await deployment.Control.MoveAsync(account.Account, "singapore");

        var (what, bytes) = (
            new[] { "the account's key", "the first secret", "the first secret as text", "the second secret", "the second secret as text" },
            new[]
            {
                accountKey, Encoding.UTF8.GetBytes(account.SecretKey), Encoding.Unicode.GetBytes(account.SecretKey),
                Encoding.UTF8.GetBytes(second.SecretKey), Encoding.Unicode.GetBytes(second.SecretKey),
                Encoding.UTF8.GetBytes(name), Encoding.Unicode.GetBytes(name),
            });
        var times = Count(pid, bytes);
        Assert.All(what.Zip(times), one => Assert.True(one.Second == 0, $"{one.First}: {one.Second} times"));

        // Names may linger: docs/decisions/0025-erased-from-memory-too.md says where, and for how long.
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"names in memory: {times[^2]} as UTF-8, {times[^1]} as text"));
    }

    /// <summary>
    /// Goal: a client that reads as slowly as it likes gets no byte once the erasure is signed. Method: it stops after the first
    /// megabyte; when the move is done its connection must have been closed, and little of the content can come after.
    /// </summary>
    [Fact]
    public async Task A_slow_reader_is_cut_before_the_erasure_is_signed()
    {
        await using var deployment = await LiveDeployment.StartAsync(Impatient);
        var account = await deployment.Control.AddAccountAsync("IN", "beijing");
        using var s3 = deployment.OpenS3(account);
        await s3.PutBucketAsync("photos", Cancelled);
        const int lengthBytes = 48 << 20;
        await s3.PutObjectAsync(
            new PutObjectRequest { BucketName = "photos", Key = "large", InputStream = new MemoryStream(new byte[lengthBytes]) },
            Cancelled);
        using var reader = await BeginReadAsync(s3, deployment.EndpointOf("beijing"));

        var move = await deployment.Control.MoveAsync(account.Account, "singapore");

        var erasure = ErasureIn(await deployment.Control.ReceiptAsync(move.Move));
        Assert.Equal((0L, 0L, 0L, true, 1L), (
            erasure.RowsLeft, erasure.FilesLeft, erasure.DescriptorsLeft, erasure.KeyForgotten, erasure.ReadersCut));
        Assert.InRange(await DrainAsync(reader), 0, lengthBytes / 2);
    }

    private static async Task UseAsync(LiveDeployment deployment, NewAccountView account, string name)
    {
        using var s3 = deployment.OpenS3(account);
        await s3.PutBucketAsync($"bucket-{account.AccessKey.ToLowerInvariant()[^8..]}", Cancelled);
        for (var i = 0; i < 30; i++)
        {
            var bucket = $"bucket-{account.AccessKey.ToLowerInvariant()[^8..]}";
            await s3.PutObjectAsync(
                new PutObjectRequest { BucketName = bucket, Key = $"{name}-{i}", ContentBody = new string('x', 1 + i * 3000) },
                Cancelled);
            using var answer = await s3.GetObjectAsync(bucket, $"{name}-{i}", Cancelled);
            await answer.ResponseStream.CopyToAsync(Stream.Null, Cancelled);
        }
    }

    // As docs/formats/content.md says: version 1, nonce, key, tag; AES-256-GCM under the region's custodian key.
    private static byte[] UnwrapKey(LiveDeployment deployment, string account)
    {
        var directory = deployment.DirectoryOf("beijing");
        var custodian = File.ReadAllBytes(Path.Combine(directory, "keys", "custodian.key"));
        var database = Path.Combine(directory, "accounts", account[..2], account, "account.db");
        using var connection = new SqliteConnection($"Data Source={database};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT wrapped_key FROM account";
        var wrapped = (byte[])command.ExecuteScalar()!;
        var key = new byte[32];
        using var cipher = new AesGcm(custodian, 16);
        cipher.Decrypt(wrapped.AsSpan(1, 12), wrapped.AsSpan(13, 32), wrapped.AsSpan(45, 16), key, Encoding.ASCII.GetBytes(account));
        return key;
    }

    // Every readable mapping of the process, as /proc/PID/maps lists them; what can't be read is the kernel's own.
    private static int[] Count(int pid, byte[][] needles)
    {
        var counts = new int[needles.Length];
        using var memory = File.OpenHandle($"/proc/{pid}/mem");
        foreach (var line in File.ReadLines($"/proc/{pid}/maps"))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var bounds = fields[0].Split('-').Select(one => ulong.Parse(one, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToList();
            if (fields[1][0] == 'r' && bounds[1] <= long.MaxValue)
            {
                Count(memory, (long)bounds[0], (long)bounds[1], needles, counts);
            }
        }

        return counts;
    }

    // Pieces overlap, so that no needle lies across a border; one may be counted twice there.
    private static void Count(
        Microsoft.Win32.SafeHandles.SafeFileHandle memory, long begin, long end, byte[][] needles, int[] counts)
    {
        var (piece, overlap) = (new byte[4 << 20], needles.Max(one => one.Length) - 1);
        for (var at = begin; at < end; at += piece.Length - overlap)
        {
            int read;
            try
            {
                read = RandomAccess.Read(memory, piece.AsSpan(0, (int)Math.Min(piece.Length, end - at)), at);
            }
            catch (IOException)
            {
                continue; // A page that is not there.
            }

            for (var i = 0; i < needles.Length; i++)
            {
                var rest = piece.AsSpan(0, read);
                for (int next; (next = rest.IndexOf(needles[i])) >= 0; rest = rest[(next + 1)..])
                {
                    counts[i]++;
                }
            }
        }
    }

    private static async Task<Socket> BeginReadAsync(AmazonS3Client s3, Uri endpoint)
    {
        var url = new Uri(await s3.GetPreSignedURLAsync(new GetPreSignedUrlRequest
        {
            BucketName = "photos",
            Key = "large",
            Expires = TimeProvider.System.GetUtcNow().AddMinutes(10).UtcDateTime,
            Protocol = Protocol.HTTP,
        }));
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 64 << 10 };
        await socket.ConnectAsync(endpoint.Host, endpoint.Port, Cancelled);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {url.PathAndQuery} HTTP/1.1\r\nHost: {endpoint.Authority}\r\n\r\n"), Cancelled);
        var (got, piece) = (0, new byte[64 << 10]);
        while (got < 1 << 20)
        {
            var read = await socket.ReceiveAsync(piece, Cancelled);
            Assert.NotEqual(0, read);
            got += read;
        }

        return socket;
    }

    // What is in the kernel's buffers has left the region.
    private static async Task<long> DrainAsync(Socket socket)
    {
        var (got, piece) = (0L, new byte[64 << 10]);
        try
        {
            while (await socket.ReceiveAsync(piece, Cancelled) is > 0 and var read)
            {
                got += read;
            }
        }
        catch (SocketException)
        {
            // Closed hard, as it should be.
        }

        return got;
    }

    private static ErasureCheck ErasureIn(byte[] receipt)
        => Assert.IsType<ReceiptVerification.Proven>(ReceiptVerification.Verify(receipt, null)).Statements.Erasure.Check!;
}
