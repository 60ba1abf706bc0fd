using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Domicile.Server.Hosting;

/// <summary>
/// Kestrel's sockets, of which each listener has so many open at a time, those that are being closed included; further ones wait
/// in the system's backlog. Kestrel's own limit counts a connection when it has been taken, and closes it later: a burst
/// takes every file that the process may have open, and without one the runtime may end the process.
/// </summary>
/// <param name="openMax">Connections of one listener.</param>
internal sealed class BoundedListeners(IOptions<SocketTransportOptions> options, ILoggerFactory log, int openMax)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(options, log);

    public bool CanBind(EndPoint endpoint) => _sockets.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        => new Listener(await _sockets.BindAsync(endpoint, cancellationToken), openMax);

    private sealed class Listener(IConnectionListener sockets, int openMax) : IConnectionListener
    {
        // Not disposed: connections end after their listener.
        private readonly SemaphoreSlim _room = new(openMax);
        private readonly CancellationTokenSource _unbound = new();

        public EndPoint EndPoint => sockets.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                await _room.WaitAsync(_unbound.Token);
            }
            catch (OperationCanceledException)
            {
                return null;
            }

            var connection = await sockets.AcceptAsync(cancellationToken);
            if (connection is null)
            {
                _room.Release();
                return null;
            }

            return new Connection(connection, _room);
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await _unbound.CancelAsync();
            await sockets.UnbindAsync(cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            await _unbound.CancelAsync();
            await sockets.DisposeAsync();
            _unbound.Dispose();
        }
    }

    /// <summary>One of a listener's. It gives its room back when its socket is closed, which is later than its end is told.</summary>
    private sealed class Connection(ConnectionContext socket, SemaphoreSlim room) : ConnectionContext
    {
        private int _isDisposed;

        public override string ConnectionId
        {
            get => socket.ConnectionId;
            set => socket.ConnectionId = value;
        }

        public override IFeatureCollection Features => socket.Features;

        public override IDictionary<object, object?> Items
        {
            get => socket.Items;
            set => socket.Items = value;
        }

        public override IDuplexPipe Transport
        {
            get => socket.Transport;
            set => socket.Transport = value;
        }

        public override EndPoint? LocalEndPoint
        {
            get => socket.LocalEndPoint;
            set => socket.LocalEndPoint = value;
        }

        public override EndPoint? RemoteEndPoint
        {
            get => socket.RemoteEndPoint;
            set => socket.RemoteEndPoint = value;
        }

        public override CancellationToken ConnectionClosed
        {
            get => socket.ConnectionClosed;
            set => socket.ConnectionClosed = value;
        }

        public override void Abort(ConnectionAbortedException abortReason) => socket.Abort(abortReason);

        public override async ValueTask DisposeAsync()
        {
            try
            {
                await socket.DisposeAsync();
            }
            finally
            {
                if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
                {
                    room.Release();
                }

                await base.DisposeAsync();
            }
        }
    }
}
