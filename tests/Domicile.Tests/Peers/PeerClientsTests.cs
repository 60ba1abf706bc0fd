using System.Net;
using System.Net.Sockets;
using System.Text;
using Domicile.Accounts;
using Domicile.Deployments;
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
        var at = new ProcessEndpoints(Address, Address, Address);
        _clients = new PeerClients(
            _ => new SocketsHttpHandler(), new Endpoints(at, new Dictionary<RegionName, ProcessEndpoints> { [Region] = at }));
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

    /// <summary>A request on a connection of its own, which has arrived there.</summary>
    private async Task<(Task<HttpResponseMessage> Answer, NetworkStream Connection)> AskAsync()
    {
        var answer = SendAsync();
        var connection = new NetworkStream(await _peer.AcceptSocketAsync(_limit.Token), ownsSocket: true);
        var head = new StringBuilder();
        var bytes = new byte[1024];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append(Encoding.ASCII.GetString(bytes, 0, await connection.ReadAtLeastAsync(bytes, 1, true, _limit.Token)));
        }

        return (answer, connection);
    }

    private async Task<HttpResponseMessage> SendAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _clients.AddressOf(Region));
        return await _clients.SendAsync(Region, request, _limit.Token);
    }

    private ValueTask AnswerAsync(NetworkStream connection, string text)
        => connection.WriteAsync(Encoding.ASCII.GetBytes(text), _limit.Token);

    private async Task IsClosedAsync(NetworkStream connection)
        => Assert.Equal(0, await connection.ReadAsync(new byte[1], _limit.Token));
}
