using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Domicile.Control;
using Domicile.Server.Tests.BadInput;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.S3;
using Xunit;

namespace Domicile.Server.Tests.Relay;

/// <summary>
/// Goal: whatever bytes a client sends, a relay answers what the home does, and no answer holds anything of another client.
/// Method: requests drawn from a seed, signed, and then changed or not, several on a connection; the same bytes go to the home,
/// through one relay, through two, and to the home again, each over a new connection. A relay's answer must be the one before
/// or the one after: what a request changes, it changes the first time. Meanwhile another client does the same; each has a
/// secret word in all that it sends and stores.
/// </summary>
public sealed class RelayFuzzTests(SharedDeployment shared)
{
    private const string SecondsVariable = "DOMICILE_FUZZ_SECONDS";
    private const string SeedVariable = "DOMICILE_FUZZ_SEED";
    private const string Continue = "HTTP/1.1 100 Continue\r\n\r\n";
    private const string Reset = "(reset)";
    private const int SecondsUnlessSaid = 10;
    private const int Clients = 2;
    private const int LanesOfClient = 2;
    private const int CasesApart = 1_000_000;

    // A server waits for the rest of a request. On a busy machine an answer may be late: a difference must last.
    private static readonly TimeSpan[] Silences = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(8)];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Relays_answer_any_bytes_as_the_home_does_and_keep_clients_apart()
    {
        var live = await shared.Relays.GetAsync();
        var ends = Enum.GetValues<Route>().Select(route => live.EndpointOf(RelayDeployment.EntryOf(route))).ToList();
        var clients = new List<FuzzClient>();
        try
        {
            while (clients.Count < Clients)
            {
                clients.Add(new FuzzClient(await shared.Relays.TakeAccountAsync(), ends[0]));
                await PrepareAsync(live, clients[^1]);
            }

            using var time = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
            time.CancelAfter(TimeSpan.FromSeconds(Number(SecondsVariable, SecondsUnlessSaid)));
            var cases = await Task.WhenAll(clients.SelectMany((client, index) => Enumerable.Range(0, LanesOfClient).Select(
                lane => RunAsync(client, clients, ends, Number(SeedVariable, 1) + (((index * LanesOfClient) + lane) * CasesApart), time))));
            TestContext.Current.TestOutputHelper?.WriteLine($"{cases.Sum()} cases");
            Assert.All(cases, count => Assert.True(count > 0));
        }
        finally
        {
            foreach (var client in clients)
            {
                await shared.Relays.GiveBackAsync(client.Account);
            }
        }
    }

    private static async Task PrepareAsync(LiveDeployment live, FuzzClient client)
    {
        using var s3 = live.OpenS3(client.Account);
        await s3.PutBucketAsync(S3Tests.Bucket, Cancelled);
        await s3.PutObjectAsync(
            new() { BucketName = S3Tests.Bucket, Key = "a", ContentBody = $"content of {client.Marker}" }, Cancelled);
    }

    private static int Number(string variable, int otherwise)
        => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : otherwise;

    /// <returns>How many cases there were time for.</returns>
    private static async Task<int> RunAsync(
        FuzzClient client, IReadOnlyList<FuzzClient> all, IReadOnlyList<Uri> ends, int seed, CancellationTokenSource time)
    {
        var count = 0;
        for (; !time.IsCancellationRequested; count++)
        {
            var bytes = client.Draw(new Random(seed + count));
            var difference = "";
            foreach (var silence in Silences)
            {
                difference = await CompareAsync(client, all, ends, bytes, silence);
                if (difference.Length == 0)
                {
                    break;
                }
            }

            if (difference.Length > 0)
            {
                await time.CancelAsync();
                Assert.Fail($"{SeedVariable}={seed + count}\n{Encoding.Latin1.GetString(bytes)}\n\nin base64: {Convert.ToBase64String(bytes)}\n{difference}");
            }
        }

        return count;
    }

    private static async Task<string> CompareAsync(
        FuzzClient client, IReadOnlyList<FuzzClient> all, IReadOnlyList<Uri> ends, byte[] bytes, TimeSpan silence)
    {
        var answers = new List<string>();
        foreach (var end in ends.Append(ends[0]))
        {
            var answer = await ExchangeAsync(end, bytes, silence);
            var strange = all.FirstOrDefault(other => other != client && answer.Contains(other.Marker, StringComparison.Ordinal));
            Assert.True(strange is null, $"{end} answers what is another's:\n{answer}\nto\n{Encoding.Latin1.GetString(bytes)}");

            // Bodies were not held back: whether they are asked for is a matter of time.
            answers.Add(Masks.Apply(answer.Replace(Continue, "", StringComparison.Ordinal), client.Account, ends[0]));
        }

        var relayed = answers[1..^1].FindIndex(answer => !IsSame(answer, answers[0]) && !IsSame(answer, answers[^1]));
        return relayed < 0 ? "" : $"-- home\n{answers[0]}\n-- {relayed + 1} relayed\n{answers[relayed + 1]}\n-- home again\n{answers[^1]}";
    }

    // A reset takes with it what was not read by then: a server sends it where more comes after its last answer.
    private static bool IsSame(string relayed, string home)
        => relayed == home
            || (home.EndsWith(Reset, StringComparison.Ordinal) && relayed.StartsWith(home[..^Reset.Length], StringComparison.Ordinal))
            || (relayed.EndsWith(Reset, StringComparison.Ordinal) && home.StartsWith(relayed[..^Reset.Length], StringComparison.Ordinal));

    private static async Task<string> ExchangeAsync(Uri at, byte[] bytes, TimeSpan silence)
    {
        using var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(at.Host, at.Port, Cancelled);
        await using var stream = socket.GetStream();
        using var answer = new MemoryStream();
        var buffer = new byte[16 << 10];
        var sending = Task.CompletedTask;
        try
        {
            sending = stream.WriteAsync(bytes, Cancelled).AsTask();
            while (true)
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
                patience.CancelAfter(silence);
                var count = await stream.ReadAsync(buffer, patience.Token);
                if (count == 0)
                {
                    break;
                }

                answer.Write(buffer, 0, count);
            }
        }
        catch (IOException)
        {
            answer.Write(Encoding.UTF8.GetBytes(Reset));
        }
        catch (OperationCanceledException) when (!Cancelled.IsCancellationRequested)
        {
            answer.Write("(open)"u8);
        }

        socket.Close();
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Encoding.UTF8.GetString(answer.ToArray());
    }

    /// <summary>One client: what it sends is drawn, and holds its secret word.</summary>
    private sealed class FuzzClient(NewAccountView account, Uri at)
    {
        private const string Bucket = $"/{S3Tests.Bucket}";
        private const string Object = $"{Bucket}/a";

        private static readonly (string Name, string Value)[] Lines =
        [
            ("range", "bytes=1-3"), ("range", "bytes=-2"), ("range", "bytes=9-"), ("range", " bytes = 0-1 "), ("if-match", "*"),
            ("if-none-match", "*"), ("if-none-match", "\"x\""), ("if-modified-since", "Sat, 01 Jan 2000 00:00:00 GMT"),
            ("x-amz-meta-a", "1"), ("x-amz-meta-a", " 2  3\t"), ("X-Amz-Meta-B", "\u00e9"), ("x-amz-meta-c", ""), ("content-type", "text/x"),
            ("content-encoding", "gzip"), ("content-encoding", "gzip,aws-chunked"), ("content-disposition", "inline"), ("cache-control", "a, b"),
            ("expires", "never"), ("content-md5", "AAAA"), ("x-amz-storage-class", "STANDARD"), ("x-amz-tagging", "a=b"),
            ("x-amz-checksum-sha256", "AAAA"), ("x-amz-server-side-encryption", "AES256"), ("accept", "*/*"), ("accept", "x/y"),
            ("te", "trailers"), ("via", "1.1 x"), ("forwarded", "for=x"), ("x-forwarded-for", "1.2.3.4"), ("cookie", "a=b"),
            ("domicile-hops", "1"), ("domicile-question", "1"), ("domicile-request", "e30"), ("x-domicile-home", "oregon"),
            ("x-amz-copy-source", Object),
        ];

        private static readonly (string Name, string Value)[] UnsignedLines =
        [
            ("Expect", "100-continue"), ("Expect", "tea"), ("Connection", "keep-alive"), ("Connection", "x-marker"), ("Range", "bytes=0-0"),
            ("Transfer-Encoding", "chunked"), ("Upgrade", "h2c"), ("Host", "x"), ("Content-Length", "0"), ("Trailer", "x"), ("TE", "gzip"),
            ("Keep-Alive", "1"), ("Proxy-Connection", "close"), ("Authorization", "x"), ("x", ""), ("If-Range", "x"),
        ];

        private static readonly string[] Targets =
        [
            "/", Bucket, $"{Bucket}/", Object, $"{Bucket}/none", $"{Bucket}/%2F..%2F%00", $"{Bucket}//a/../b", $"{Bucket}/%C3%A9%FF",
            $"{Bucket}?location", $"{Bucket}?list-type=2", $"{Bucket}?list-type=2&max-keys=1", $"{Bucket}?versions", $"{Bucket}?uploads",
            $"{Object}?tagging", $"{Object}?acl", $"{Object}?attributes", $"{Object}?uploadId=x&partNumber=1", $"{Object}?versionId=null",
            $"{Object}?response-content-type=x%0D%0Ay", $"{Bucket}?a=b&&=&c", $"{Object}?", $"{Bucket}?delete",
        ];

        // What a smuggler would try.
        private static readonly string[] Splinters =
        [
            "\r", "\n", "\r\n", "\r\n\r\n", " ", "\t", ":", "\0", "\u007f", "\u00e9", ";", "=", "\"", "\\", ",", "0", "1", "f", "+", "-", "/",
            "%", "%2f", "%00", "?", "#", "&", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Host: a\r\n", "HTTP/1.0", "HTTP/1.1",
            "0\r\n\r\n", "chunked", "http://", "GET / HTTP/1.1\r\n", "Expect: 100-continue\r\n", "FFFFFFFFFFFFFFFF\r\n", "Connection: close\r\n",
        ];

        // One moment: the bytes of a seed differ between runs by it and by the account alone.
        private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

        public NewAccountView Account => account;

        public string Marker { get; } = $"word-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(account.SecretKey)))[..24]}";

        public byte[] Draw(Random random)
        {
            var requests = Enumerable.Range(0, random.Next(1, 4)).SelectMany(_ => DrawRequest(random)).ToArray();
            var text = random.Next(2) == 0 ? Change(random, Encoding.Latin1.GetString(requests)) : Encoding.Latin1.GetString(requests);

            // The connection ends with it, if it is read at all.
            var last = new RawRequest(account, at, "GET", $"{Bucket}?location") { At = Now };
            return [.. Encoding.Latin1.GetBytes(text), .. last.ToBytes()];
        }

        private byte[] DrawRequest(Random random)
        {
            var body = random.Next(3) == 0 ? $"{Marker} {new string('b', random.Next(4) == 0 ? random.Next(70_000) : random.Next(60))}" : "";
            var request = new RawRequest(account, at, Of(random, ["GET", "GET", "PUT", "PUT", "HEAD", "POST", "DELETE", "OPTIONS", "x"]), DrawTarget(random))
            {
                At = Now,
                Body = Encoding.UTF8.GetBytes(body),
                Headers = [("x-amz-meta-word", Marker), .. Some(random, Lines)],
                Unsigned = [("x-marker", Marker), .. Some(random, UnsignedLines)],
                PayloadHash = random.Next(4) == 0 ? "UNSIGNED-PAYLOAD" : null,
                Account = random.Next(8) == 0 ? account with { SecretKey = "no" } : account,
                ChangeHead = head => head.Replace("Connection: close\r\n", "", StringComparison.Ordinal),
            };
            return random.Next(4) switch
            {
                0 => Chunked(random, request, body).ToBytes(),
                1 when random.Next(4) == 0 => Encoding.UTF8.GetBytes($"GET {request.Presign(60)} HTTP/1.1\r\nHost: {at.Authority}\r\n\r\n"),
                _ => request.ToBytes(),
            };
        }

        private string DrawTarget(Random random)
            => random.Next(4) == 0 ? $"{Bucket}/{Marker}-{random.Next(4)}" : Of(random, Targets);

        // Chunks of S3's, or of HTTP's.
        private static RawRequest Chunked(Random random, RawRequest request, string content)
        {
            var size = Encoding.UTF8.GetByteCount(content);
            var chunks = size == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{size:x}\r\n{content}\r\n");
            return random.Next(2) == 0
                ? request with
                {
                    PayloadHash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                    Headers =
                    [
                        .. request.Headers, ("x-amz-decoded-content-length", size.ToString(CultureInfo.InvariantCulture)),
                        ("x-amz-trailer", "x-amz-checksum-crc32"),
                    ],
                    Body = Encoding.UTF8.GetBytes($"{chunks}0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"),
                }
                : request with
                {
                    PayloadHash = "UNSIGNED-PAYLOAD",
                    Headers = [.. request.Headers, ("x-amz-decoded-content-length", size.ToString(CultureInfo.InvariantCulture))],
                    Body = Encoding.UTF8.GetBytes($"{chunks}0\r\n\r\n"),
                    ChangeHead = head => string.Concat(head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
                        .Select(line => line.StartsWith("Content-Length", StringComparison.Ordinal) ? "Transfer-Encoding: chunked\r\n"
                            : line.StartsWith("Connection: close", StringComparison.Ordinal) ? "" : line + "\r\n")) + "\r\n",
                };
        }

        private static string Change(Random random, string text)
        {
            for (var left = random.Next(1, 4); left > 0; left--)
            {
                var at = random.Next(Math.Min(text.Length, 2_000));
                text = random.Next(4) switch
                {
                    0 => text.Remove(at, 1),
                    1 => text[..at] + text[Math.Min(text.Length, at + random.Next(20))..],
                    2 => text[..at] + Of(random, Splinters) + text[(at + 1)..],
                    _ => text.Insert(at, Of(random, Splinters)),
                };
            }

            return text;
        }

        private static T Of<T>(Random random, T[] values) => values[random.Next(values.Length)];

        private static IEnumerable<T> Some<T>(Random random, T[] values)
            => Enumerable.Range(0, Math.Max(0, random.Next(6) - 2)).Select(_ => Of(random, values));
    }
}
