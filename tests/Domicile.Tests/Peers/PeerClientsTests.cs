using System.Net;
using System.Net.Sockets;
using System.Text;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Server.Peers;
using Xunit;

namespace Domicile.Tests.Peers;

/// <summary>What becomes of connections to a peer that has been silent, seen from the peer's end.</summary>
public sealed class PeerClientsTests : IDisposable
{
    private static readonly RegionName Region = RegionName.Parse("singapore");

    // An idle connection is closed by itself after a minute.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    private readonly TcpListener _peer = new(IPAddress.Loopback, 0);
    private readonly PeerClients _clients;
    private readonly CancellationTokenSource _limit
        = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public PeerClientsTests()
    {
        _peer.Start();
        _limit.CancelAfter(LongestWait);
        _clients = new PeerClients(
            new PeerIdentity.Control(), _ => new SocketsHttpHandler(), Address, region => region == Region ? Address : null,
            new ManualTime());
    }

    private Uri Address => new($"http://{_peer.LocalEndpoint}");

    public void Dispose()
    {
        _clients.Dispose();
        _peer.Dispose();
        _limit.Dispose();
    }

    [Fact]
    public async Task Renewing_closes_idle_connections_at_once_and_those_in_use_when_their_bodies_have_ended()
    {
        var (first, idle) = await AskAsync();
        var (second, used) = await AskAsync();
        await AnswerAsync(idle, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        (await first).Dispose();
        await AnswerAsync(used, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
        using var answer = await second;

        _clients.Renew(Region);

        await IsClosedAsync(idle);
        await AnswerAsync(used, "cd");
        Assert.Equal("abcd", await answer.Content.ReadAsStringAsync(_limit.Token));
        await IsClosedAsync(used);
    }

    [Fact]
    public async Task A_request_that_waits_for_its_answer_gets_it_after_renewing_and_the_next_goes_over_a_new_connection()
    {
        var (waiting, old) = await AskAsync();

        _clients.Renew(Region);

        var (next, @new) = await AskAsync();
        await AnswerAsync(@new, "HTTP/1.1 204 No Content\r\n\r\n");
        Assert.Equal(HttpStatusCode.NoContent, (await next).StatusCode);
        await AnswerAsync(old, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.Equal("ok", await (await waiting).Content.ReadAsStringAsync(_limit.Token));
        await IsClosedAsync(old);
    }

    // Goal: a client's Host makes no pool of its own, and isn't what the peer sees of the link.
    [Fact]
    public async Task The_peer_sees_one_Host_whatever_the_request_names()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _clients.AddressOf(Region));
        request.Headers.Host = "victim.example";
        var answer = _clients.SendAsync(Region, PeerLane.Moves, request, _limit.Token);
        var (head, connection) = await AcceptAsync();

        Assert.Contains($"Host: {_peer.LocalEndpoint}\r\n", head, StringComparison.Ordinal);
        await AnswerAsync(connection, "HTTP/1.1 204 No Content\r\n\r\n");
        (await answer).Dispose();
    }

    [Fact]
    public async Task A_request_to_another_authority_goes_nowhere()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("http://127.0.0.1:1/"));
        var refused = await Assert.ThrowsAsync<HttpRequestException>(
            () => _clients.SendAsync(Region, PeerLane.Moves, request, _limit.Token));
        Assert.Contains("is not where", refused.Message, StringComparison.Ordinal);
    }

    // Method: as many requests as a lane has connections stay unanswered. The next one must come on the first connection that
    // gets free, while another lane's gets one at once.
    [Fact]
    public async Task A_lane_has_so_many_connections_and_takes_none_of_another_lane()
    {
        var busy = new List<(Task<HttpResponseMessage> Answer, NetworkStream Connection)>();
        for (var i = 0; i < PeerLimits.ConnectionsMax(PeerLane.Control); i++)
        {
            busy.Add(await AskAsync());
        }

        var waiting = SendAsync(PeerLane.Control);
        var (other, otherConnection) = await AskAsync(PeerLane.Moves);
        await AnswerAsync(otherConnection, "HTTP/1.1 204 No Content\r\n\r\n");
        (await other).Dispose();
        await AnswerAsync(busy[0].Connection, "HTTP/1.1 204 No Content\r\n\r\n");
        (await busy[0].Answer).Dispose();

        await ReadHeadAsync(busy[0].Connection);
        Assert.False(waiting.IsCompleted);
        await AnswerAsync(busy[0].Connection, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(HttpStatusCode.Accepted, (await waiting).StatusCode);
    }

    // Goal: a region that answers without end, or announces that it will, costs no more than the answer's kind may have.
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n{")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n")]
    public async Task An_answer_that_is_longer_than_its_kind_is_no_answer_and_its_connection_is_given_up(string begin)
    {
        var asking = AskForBooleanAsync();
        var (_, connection) = await AcceptAsync();
        await AnswerAsync(connection, begin);
        var sending = SendWithoutEndAsync(connection);

        var error = await Assert.ThrowsAsync<RegionUnreachableException>(() => asking);
        Assert.Contains("/peer/v1/region/status is longer than 65536 bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains("singapore", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => sending);
    }

    // Goal: what a region says reaches no log and no record as more than one short line.
    [Fact]
    public async Task A_refusals_reason_is_one_line_without_anything_that_steers_a_terminal()
    {
        var asking = AskForBooleanAsync();
        var (_, connection) = await AcceptAsync();
        const string reason = "{\"reason\":\"\\u001b[2Jevil\\r\\nforged \\u202eline\"}";
        await AnswerAsync(connection, $"HTTP/1.1 409 Conflict\r\nContent-Length: {reason.Length}\r\n\r\n{reason}");

        var refused = await Assert.ThrowsAsync<RegionRefusedException>(() => asking);
        Assert.Equal(" [2Jevil  forged  line", refused.Reason);
    }

    [Theory]
    [InlineData("[[[[]]]]")]
    [InlineData("{")]
    public async Task An_answer_that_is_no_such_document_is_no_answer(string text)
    {
        var asking = AskForBooleanAsync();
        var (_, connection) = await AcceptAsync();
        await AnswerAsync(connection, $"HTTP/1.1 200 OK\r\nContent-Length: {text.Length}\r\n\r\n{text}");

        var error = await Assert.ThrowsAsync<RegionUnreachableException>(() => asking);
        Assert.Contains("can't be read", error.Message, StringComparison.Ordinal);
    }

    // Goal: whatever a region says of accounts, one question fails, and not what is asked of all regions.
    [Theory]
    [InlineData("null")]
    [InlineData("[null]")]
    [InlineData("""[{"account":"abcdefghijklmnop","usage":{"openUploads":0}}]""")]
    [InlineData("""[{"account":"abcdefghijklmnop","usage":{"categories":{"a":null},"openUploads":0}}]""")]
    [InlineData("""[{"account":"abcdefghijklmnop","usage":{"categories":{"a":{"bytes":-1}},"openUploads":0}}]""")]
    [InlineData("""[{"account":"abcdefghijklmnop","usage":{"categories":{"a":{"bytes":9223372036854775807}},"openUploads":0}}]""")]
    [InlineData("""[{"account":"abcdefghijklmnop","usage":{"categories":{},"openUploads":0,"stored":{"onDisk":-5}}}]""")]
    public async Task What_a_region_says_of_accounts_and_can_t_be_is_no_answer(string said)
    {
        using var signer = EcdsaSigner.Generate();
        var client = new RegionPeerClient(_clients, new OrderSigner(signer), Region);
        var asking = client.MeasureUsagesAsync([AccountId.Parse("abcdefghijklmnop")], _limit.Token);
        var (_, connection) = await AcceptAsync();
        await AnswerAsync(
            connection,
            $"HTTP/1.1 200 OK\r\ndomicile-protocol: {PeerProtocol.Own.Header}\r\nContent-Length: {said.Length}\r\n\r\n{said}");

        var error = await Assert.ThrowsAsync<RegionUnreachableException>(() => asking);
        Assert.Contains("makes no sense", error.Message, StringComparison.Ordinal);
    }

    // Goal: a client that breaks off its upload says nothing of the link, however often it does that.
    // Method: on one connection that works, more bodies fail than a link may fail.
    [Fact]
    public async Task Only_the_link_itself_breaks_the_link()
    {
        for (var i = 0; i <= PeerLimits.RelayFailuresMax; i++)
        {
            using var turn = Assert.IsType<RelayTurn>(await _clients.EnterRelayAsync(Region, isStranger: false, _limit.Token));
            using var request = new HttpRequestMessage(HttpMethod.Put, _clients.AddressOf(Region))
            {
                Content = new StreamContent(new BrokenOffStream()),
            };
            await Assert.ThrowsAnyAsync<Exception>(() => _clients.RelayAsync(Region, turn, request, _limit.Token));
        }

        Assert.False(_clients.Relays.Single().Line.Link.IsBroken);
        _peer.Stop();
        for (var i = 0; i < PeerLimits.RelayFailuresMax; i++)
        {
            using var turn = Assert.IsType<RelayTurn>(await _clients.EnterRelayAsync(Region, isStranger: false, _limit.Token));
            using var request = new HttpRequestMessage(HttpMethod.Get, _clients.AddressOf(Region));
            await Assert.ThrowsAsync<HttpRequestException>(() => _clients.RelayAsync(Region, turn, request, _limit.Token));
        }

        Assert.True(_clients.Relays.Single().Line.Link.IsBroken);
        Assert.Null(await _clients.EnterRelayAsync(Region, isStranger: false, _limit.Token));
    }

    private Task<bool> AskForBooleanAsync()
        => PeerCalls.AskAsync(
            _clients, Region, PeerLane.Moves, "/peer/v1/region/status", new PeerCall(), MovesJson.Default.PeerCall,
            MovesJson.Default.Boolean, new AnswerBounds(LongestWait), _limit.Token);

    private async Task SendWithoutEndAsync(NetworkStream connection)
    {
        var chunk = "1000\r\n" + new string(' ', 0x1000) + "\r\n";
        while (true)
        {
            await AnswerAsync(connection, chunk);
        }
    }

    /// <summary>A request on a connection of its own, which has arrived there.</summary>
    private async Task<(Task<HttpResponseMessage> Answer, NetworkStream Connection)> AskAsync(PeerLane lane = PeerLane.Control)
    {
        var answer = SendAsync(lane);
        return (answer, (await AcceptAsync()).Connection);
    }

    private async Task<(string Head, NetworkStream Connection)> AcceptAsync()
    {
        var connection = new NetworkStream(await _peer.AcceptSocketAsync(_limit.Token), ownsSocket: true);
        return (await ReadHeadAsync(connection), connection);
    }

    private async Task<string> ReadHeadAsync(NetworkStream connection)
    {
        var head = new StringBuilder();
        var bytes = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append(Encoding.ASCII.GetString(bytes, 0, await connection.ReadAtLeastAsync(bytes, 1, true, _limit.Token)));
        }

        return head.ToString();
    }

    private async Task<HttpResponseMessage> SendAsync(PeerLane lane)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _clients.AddressOf(Region));
        return await _clients.SendAsync(Region, lane, request, _limit.Token);
    }

    private ValueTask AnswerAsync(NetworkStream connection, string text)
        => connection.WriteAsync(Encoding.ASCII.GetBytes(text), _limit.Token);

    private async Task IsClosedAsync(NetworkStream connection)
        => Assert.Equal(0, await connection.ReadAsync(new byte[1], _limit.Token));

    private sealed class BrokenOffStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            => throw new IOException("The client reset the request stream.");

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
            => throw new IOException("The client reset the request stream.");
    }
}
