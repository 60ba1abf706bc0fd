using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Domicile.Accounts;

namespace Domicile.Bench;

/// <summary>Something that a stranger does to a region's S3 port: no request of it is signed by a key that exists.</summary>
/// <param name="IsAtRelay">The region attacked isn't the home of the account whose client is looked at.</param>
/// <param name="RunAsync">At an endpoint, with an access key's id: goes on until it is cancelled; bounded in what it opens. Answers how much it tried.</param>
internal sealed record Attack(
    string Name, string Title, bool IsAtRelay, Func<Uri, string, CancellationToken, Task<long>> RunAsync)
{
    private const int SilentConnections = 2_100;
    private static readonly TimeSpan BackAfter = TimeSpan.FromSeconds(1);
    private const int Askers = 8;
    private const int StreamsEach = 100;
    private const int FillingConnections = 30;
    private const int BodyBytes = 128 << 10;

    public static readonly IReadOnlyList<Attack> All =
    [
        new("silent", "2,100 connections that say nothing", false, (at, _, stop) => OpenSilentAsync(at, stop)),
        new("hosts", "unsigned requests, each with a Host of its own", true, (at, accessKey, stop)
            => AskAsync(at, turn => Head($"h{turn}.example", accessKey), stop)),
        new("unknown", "requests for accounts that don't exist", false, (at, _, stop)
            => AskAsync(at, _ => Head(at.Authority, UnknownKey()), stop)),
        new("bodies", "30 × 100 streams of HTTP/2 with bodies that don't end", true, FillAsync),
    ];

    // Whoever is closed comes back a second later: attacker, client and server share this machine's processors, and what one
    // that comes back at once costs the client is mostly the attacker's own work.
    private static async Task<long> OpenSilentAsync(Uri at, CancellationToken stop)
    {
        var opened = 0L;
        await Task.WhenAll(Enumerable.Range(0, SilentConnections).Select(async _ =>
        {
            var nothing = new byte[1];
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    using var client = new TcpClient();
                    await client.ConnectAsync(at.Host, at.Port, stop);
                    Interlocked.Increment(ref opened);
                    await client.GetStream().ReadExactlyAsync(nothing, stop);
                }
                catch (Exception e) when (e is OperationCanceledException or SocketException or IOException)
                {
                    // Closed, or the time is over.
                }

                await Task.Delay(BackAfter, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }));
        return opened;
    }

    private static async Task<long> AskAsync(Uri at, Func<long, string> head, CancellationToken stop)
    {
        var asked = 0L;
        await Task.WhenAll(Enumerable.Range(0, Askers).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    using var client = new TcpClient();
                    await client.ConnectAsync(at.Host, at.Port, stop);
                    await AskOverAsync(client.GetStream(), () => head(Interlocked.Increment(ref asked)), stop);
                }
                catch (Exception e) when (e is OperationCanceledException or SocketException or IOException)
                {
                    // Cut off: it comes again, over a new connection.
                }
            }
        }));
        return asked;
    }

    // Reads only what is there: whether an answer is whole is nothing to an attacker.
    private static async Task AskOverAsync(NetworkStream stream, Func<string> next, CancellationToken stop)
    {
        var answer = new byte[4096];
        while (true)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(next()), stop);
            if (await stream.ReadAsync(answer, stop) == 0)
            {
                return;
            }
        }
    }

    private static async Task<long> FillAsync(Uri at, string accessKey, CancellationToken stop)
    {
        var clients = Enumerable.Range(0, FillingConnections).Select(_ => new HttpClient(new SocketsHttpHandler())).ToList();
        await Task.WhenAll(clients.SelectMany(client => Enumerable.Range(0, StreamsEach).Select(async _ =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(at, "/bench/k"))
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new EndlessContent(stop),
            };
            request.Headers.TryAddWithoutValidation("Authorization", Claim(accessKey));
            request.Headers.TryAddWithoutValidation("x-amz-date", "20300101T000000Z");
            try
            {
                using var answer = await client.SendAsync(request, stop);
            }
            catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
            {
                // Cut off, or the time is over.
            }
        })));
        clients.ForEach(client => client.Dispose());
        return FillingConnections * StreamsEach;
    }

    private static string Head(string host, string accessKey)
        => $"GET /bench/k HTTP/1.1\r\nHost: {host}\r\nAuthorization: {Claim(accessKey)}\r\nx-amz-date: 20300101T000000Z\r\n\r\n";

    private static string Claim(string accessKey)
        => $"AWS4-HMAC-SHA256 Credential={accessKey}/20300101/x/s3/aws4_request,SignedHeaders=host,Signature={new string('0', 64)}";

    private static string UnknownKey() => $"DK{Base32.Encode(RandomNumberGenerator.GetBytes(10)).ToUpperInvariant()}AAAAAAAA";

    /// <summary>Says how long it is, sends all but the last byte, and waits.</summary>
    private sealed class EndlessContent(CancellationToken stop) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(new byte[BodyBytes - 1], stop);
            await stream.FlushAsync(stop);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = BodyBytes;
            return true;
        }
    }
}
