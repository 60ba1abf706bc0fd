using System.Net;
using System.Net.Sockets;
using Domicile.Server.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Domicile.Tests.Hosting;

/// <summary>A burst of connections takes no more files than a listener may have.</summary>
public sealed class BoundedListenersTests
{
    private const int OpenMax = 3;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Further_connections_wait_until_others_are_closed()
    {
        await using var listener = await BindAsync();
        var clients = await ConnectAsync(listener, 2 * OpenMax);
        var taken = new List<ConnectionContext>();
        for (var i = 0; i < OpenMax; i++)
        {
            taken.Add((await listener.AcceptAsync(Cancelled))!);
        }

        var next = listener.AcceptAsync(Cancelled).AsTask();
        Assert.False(next.IsCompleted);

        // One that this side ends, and one whose client has gone: what was open of it is closed later.
        await taken[0].DisposeAsync();
        await using var fourth = (await next.WaitAsync(TimeSpan.FromSeconds(30), Cancelled))!;
        next = listener.AcceptAsync(Cancelled).AsTask();
        Assert.False(next.IsCompleted);
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var told = taken[1].ConnectionClosed.Register(gone.SetResult);
        clients.Single(client => client.LocalEndPoint!.Equals(taken[1].RemoteEndPoint)).Dispose();
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        Assert.False(next.IsCompleted);
        await taken[1].DisposeAsync();
        await using var fifth = (await next.WaitAsync(TimeSpan.FromSeconds(30), Cancelled))!;

        Assert.NotEqual(fourth.RemoteEndPoint, fifth.RemoteEndPoint);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task A_listener_that_is_full_ends_like_any_other()
    {
        await using var listener = await BindAsync();
        var clients = await ConnectAsync(listener, OpenMax);
        for (var i = 0; i < OpenMax; i++)
        {
            Assert.NotNull(await listener.AcceptAsync(Cancelled));
        }

        var next = listener.AcceptAsync(Cancelled).AsTask();
        await listener.UnbindAsync(Cancelled);

        Assert.Null(await next.WaitAsync(TimeSpan.FromSeconds(30), Cancelled));
        clients.ForEach(client => client.Dispose());
    }

    private static async Task<IConnectionListener> BindAsync()
        => await new BoundedListeners(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance, OpenMax)
            .BindAsync(new IPEndPoint(IPAddress.Loopback, 0), Cancelled);

    private static async Task<List<Socket>> ConnectAsync(IConnectionListener listener, int count)
    {
        var clients = new List<Socket>();
        for (var i = 0; i < count; i++)
        {
            clients.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            await clients[^1].ConnectAsync(listener.EndPoint, Cancelled);
        }

        return clients;
    }
}
