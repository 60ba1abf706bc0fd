using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Domicile.Links;
using Xunit;

namespace Domicile.Server.Tests.Deployment;

/// <summary>The link that other tests put between processes is as long, as narrow and as broken as they say.</summary>
public sealed class LinkTests
{
    private const int Megabyte = 1_000_000;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_byte_takes_the_delay_of_its_direction()
    {
        var (there, back) = (TimeSpan.FromMilliseconds(60), TimeSpan.FromMilliseconds(20));
        await using var ends = await Ends.OpenAsync(new LinkTerms(there, back));
        var sent = Stopwatch.StartNew();
        await ends.Near.SendAsync(new byte[1], Cancelled);
        await ends.Far.ReceiveAsync(new byte[1], Cancelled);
        Assert.True(sent.Elapsed > there - TimeSpan.FromMilliseconds(2), $"there: {sent.Elapsed}");

        sent.Restart();
        await ends.Far.SendAsync(new byte[1], Cancelled);
        await ends.Near.ReceiveAsync(new byte[1], Cancelled);
        Assert.True(sent.Elapsed > back - TimeSpan.FromMilliseconds(2), $"back: {sent.Elapsed}");
    }

    [Fact]
    public async Task All_connections_together_pass_no_more_than_the_width()
    {
        await using var ends = await Ends.OpenAsync(new LinkTerms(TimeSpan.Zero, TimeSpan.Zero, BitsPerSecond: 80 * Megabyte));
        await using var others = await ends.AnotherAsync();
        var sent = Stopwatch.StartNew();
        await Task.WhenAll(FlowAsync(ends.Near, ends.Far, 2 * Megabyte), FlowAsync(others.Near, others.Far, 2 * Megabyte));

        // 4 MB at 10 MB/s; what is on its way at the end may come a little before its time.
        Assert.True(sent.Elapsed > TimeSpan.FromSeconds(0.38), $"{sent.Elapsed}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public async Task What_comes_out_is_what_went_in(int delayMs)
    {
        await using var ends = await Ends.OpenAsync(LinkTerms.Of(TimeSpan.FromMilliseconds(delayMs)));
        var content = new byte[5 * Megabyte];
        new Random(7).NextBytes(content);
        var sending = ends.Near.SendAsync(content, Cancelled).AsTask();
        var got = new byte[content.Length];
        for (var filled = 0; filled < got.Length;)
        {
            filled += await ends.Far.ReceiveAsync(got.AsMemory(filled), Cancelled);
        }

        await sending;
        ends.Near.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await ends.Far.ReceiveAsync(new byte[1], Cancelled));
        Assert.Equal(content, got);
        Assert.Equal((content.Length, 0), ends.Link.Passed);
    }

    [Fact]
    public async Task A_cut_link_resets_what_is_open_and_what_comes_until_it_is_healed()
    {
        await using var ends = await Ends.OpenAsync(LinkTerms.Straight);
        ends.Link.Cut();
        Assert.Equal(SocketError.ConnectionReset, await EndAsync(ends.Near));
        Assert.Equal(SocketError.ConnectionReset, await EndAsync(ends.Far));
        using var refused = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var end = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            await refused.ConnectAsync(ends.Link.EndPoint, Cancelled);
            await refused.ReceiveAsync(new byte[1], Cancelled);
        });
        Assert.Equal(SocketError.ConnectionReset, end.SocketErrorCode);

        ends.Link.Heal();
        await using var others = await ends.AnotherAsync();
        await FlowAsync(others.Near, others.Far, Megabyte);
    }

    [Fact]
    public async Task A_stalled_link_takes_connections_and_passes_nothing_until_it_is_healed()
    {
        await using var ends = await Ends.OpenAsync(LinkTerms.Straight);
        await FlowAsync(ends.Near, ends.Far, Megabyte);
        ends.Link.Stall();
        var before = ends.Link.Passed;
        await ends.Near.SendAsync(new byte[100], Cancelled);
        using var another = new TcpClient();
        await another.ConnectAsync(ends.Link.EndPoint, Cancelled);
        await another.Client.SendAsync(new byte[100], Cancelled);
        var arrival = ends.Far.ReceiveAsync(new byte[100], Cancelled).AsTask();
        await Assert.ThrowsAsync<TimeoutException>(
            () => arrival.WaitAsync(TimeSpan.FromMilliseconds(100), TimeProvider.System, Cancelled));
        Assert.Equal(before, ends.Link.Passed);

        ends.Link.Heal();
        Assert.Equal(100, await arrival);
    }

    [Fact]
    public async Task A_lost_connection_is_silent_for_ever_and_a_later_one_is_not()
    {
        await using var ends = await Ends.OpenAsync(LinkTerms.Straight);
        ends.Link.Stall();
        ends.Link.Lose();
        ends.Link.Heal();
        await ends.Near.SendAsync(new byte[100], Cancelled);
        var arrival = ends.Far.ReceiveAsync(new byte[100], Cancelled).AsTask();
        await using var others = await ends.AnotherAsync();
        await FlowAsync(others.Near, others.Far, Megabyte);
        Assert.False(arrival.IsCompleted);
    }

    private static async Task FlowAsync(Socket from, Socket to, int bytes)
    {
        var sending = from.SendAsync(new byte[bytes], Cancelled);
        var buffer = new byte[1 << 20];
        for (var left = bytes; left > 0;)
        {
            left -= await to.ReceiveAsync(buffer, Cancelled);
        }

        await sending;
    }

    private static async Task<SocketError> EndAsync(Socket socket)
        => (await Assert.ThrowsAsync<SocketException>(
            async () => await socket.ReceiveAsync(new byte[1], Cancelled))).SocketErrorCode;

    /// <summary>A connection through a link, and who listens behind it.</summary>
    private sealed class Ends(Link link, TcpListener listener, Socket near, Socket far, bool isFirst) : IAsyncDisposable
    {
        public Link Link => link;

        public Socket Near => near;

        public Socket Far => far;

        public static async Task<Ends> OpenAsync(LinkTerms terms)
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return await ConnectAsync(Link.Open((IPEndPoint)listener.LocalEndpoint, terms), listener, isFirst: true);
        }

        public Task<Ends> AnotherAsync() => ConnectAsync(link, listener, isFirst: false);

        public async ValueTask DisposeAsync()
        {
            near.Dispose();
            far.Dispose();
            if (isFirst)
            {
                listener.Dispose();
                await link.DisposeAsync();
            }
        }

        private static async Task<Ends> ConnectAsync(Link link, TcpListener listener, bool isFirst)
        {
            var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await near.ConnectAsync(link.EndPoint, Cancelled);
            return new Ends(link, listener, near, await listener.AcceptSocketAsync(Cancelled), isFirst);
        }
    }
}
