using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Domicile.Server.Hosting.StrictHttp;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Domicile.Server.Hosting;

/// <summary>
/// What stands at a listener before any request is parsed: shares of connections, a time for the first byte, the choice
/// between HTTP/1.1 and HTTP/2, and strict reading of HTTP/1.1.
/// <para>
/// HTTP/2 without TLS is beside HTTP/1.1 on one port: a client that knows begins with HTTP/2's preface (RFC 9113, section
/// 3.3). Kestrel chooses HTTP/2 beside HTTP/1.1 only by what a TLS handshake agreed on, so for such a connection the
/// handshake's word is said here.
/// </para>
/// </summary>
internal static class ListenerEdge
{
    private const int PrefaceBeginLengthBytes = 4;
    private const int NetworkOfV6LengthBytes = 8;

    private static readonly object PlaceKey = new();
    private static readonly object ShookHandsKey = new();

    // The preface's beginning; no method of HTTP/1.1 begins so.
    private static ReadOnlySpan<byte> PrefaceBegin => "PRI "u8;

    /// <summary>A listener for anybody. What follows sees decrypted bytes.</summary>
    /// <param name="certificate">Null: without TLS.</param>
    public static void Use(ListenOptions listen, X509Certificate2? certificate)
    {
        Share(listen, new ConnectionShares(
            EdgeLimits.ConnectionsMax, EdgeLimits.ConnectionsOfAddressMax, TimeProvider.System));
        if (certificate is not null)
        {
            listen.UseHttps(certificate, https => https.HandshakeTimeout = EdgeLimits.HandshakeMax);
        }

        ReadStrictly(listen);
    }

    /// <summary>Counts connections by the address they come from, before anything is read of them, handshakes included.</summary>
    public static void Share(ListenOptions listen, ConnectionShares shares)
        => listen.Use(next => connection => EnterAsync(connection, shares, AddressOf(connection), next));

    /// <summary>Before a handshake: tells of each connection that came and showed no certificate that was accepted.</summary>
    public static void TellFailedHandshakes(ListenOptions listen, Action<IPAddress?> tell)
        => listen.Use(next => async connection =>
        {
            await next(connection);
            if (!connection.Items.ContainsKey(ShookHandsKey))
            {
                tell((connection.RemoteEndPoint as IPEndPoint)?.Address);
            }
        });

    /// <summary>Counts connections by the certificate that the handshake has checked.</summary>
    public static void SharePeers(ListenOptions listen, ConnectionShares shares, Func<X509Certificate2, object> identify)
        => listen.Use(next => connection =>
        {
            if (connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is not { } certificate)
            {
                connection.Abort();
                return Task.CompletedTask;
            }

            connection.Items[ShookHandsKey] = true;
            PlaceOf(connection)?.Wait(isWaiting: false); // Its handshake is done.
            return EnterAsync(connection, shares, identify(certificate), inside =>
            {
                PlaceOf(inside)?.Wait(isWaiting: false); // A link that rests is a link: no other of its party takes its place.
                return next(inside);
            });
        });

    /// <summary>Whether something was served on the request's connection already, which only a signed request is.</summary>
    public static bool WasServed(HttpContext context) => PlaceOf(context) is { IsServed: true };

    /// <summary>The turns of a connection's requests while none was served; null where the listener counts no connections.</summary>
    public static Turns? StrangersTurnsOf(HttpContext context) => PlaceOf(context)?.StrangersTurns;

    /// <summary>
    /// Says of a connection that it was served, which only a signed request is. And of HTTP/2, where nobody reads along, that
    /// it waits while it has no request open.
    /// </summary>
    public static RequestDelegate Follow(RequestDelegate handle)
        => async context =>
        {
            var place = PlaceOf(context);
            var isHttp2 = HttpProtocol.IsHttp2(context.Request.Protocol);
            if (isHttp2)
            {
                place?.Begin();
            }

            try
            {
                await handle(context);
                place?.IsServed |= context.Response.StatusCode is >= 200 and < 300;
            }
            finally
            {
                if (isHttp2)
                {
                    place?.End();
                }
            }
        };

    private static void ReadStrictly(ListenOptions listen)
    {
        var limits = listen.KestrelServerOptions.Limits;
        listen.Use(next => async connection =>
        {
            if (await ChooseAsync(connection, listen.Protocols) is not { } isHttp2)
            {
                return; // Nothing was asked, so nothing is to be answered.
            }

            if (isHttp2)
            {
                await next(connection); // It is at work while it has a request open: see Follow.
                return;
            }

            var transport = connection.Transport;
            var framing = new RequestFraming(limits.MaxRequestLineSize, limits.MaxRequestHeadersTotalSize);
            var reader = new StrictPipeReader(transport.Input, framing, PlaceOf(connection) is { } place ? place.Wait : null);
            connection.Transport = new Duplex(reader, transport.Output);
            try
            {
                await next(connection);
            }
            finally
            {
                connection.Transport = transport;
            }
        });
    }

    private static async Task EnterAsync(
        ConnectionContext connection, ConnectionShares shares, object party, ConnectionDelegate next)
    {
        if (shares.Enter(party, connection.Abort) is not { } place)
        {
            connection.Abort();
            return;
        }

        connection.Items[PlaceKey] = place;
        try
        {
            await next(connection);
        }
        finally
        {
            shares.Leave(place);
        }
    }

    private static ConnectionShares.Place? PlaceOf(ConnectionContext connection)
        => connection.Items.TryGetValue(PlaceKey, out var place) ? place as ConnectionShares.Place : null;

    private static ConnectionShares.Place? PlaceOf(HttpContext context)
        => context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(PlaceKey, out var place) == true
            ? place as ConnectionShares.Place : null;

    // Of IPv6 a network, since one host has as many addresses of it as it likes.
    private static object AddressOf(ConnectionContext connection)
    {
        if (connection.RemoteEndPoint is not IPEndPoint { Address: var address })
        {
            return "";
        }

        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, NetworkOfV6LengthBytes))
            : address;
    }

    /// <returns>Whether it is HTTP/2; null where the client said nothing in time.</returns>
    private static async Task<bool?> ChooseAsync(ConnectionContext connection, HttpProtocols protocols)
    {
        var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(
            connection.ConnectionClosed, closing ?? CancellationToken.None);
        enough.CancelAfter(EdgeLimits.FirstByteMax);
        bool isPreface;
        try
        {
            isPreface = await BeginsWithPrefaceAsync(connection, enough.Token);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException or ConnectionResetException)
        {
            return null;
        }

        if (connection.Features.Get<ITlsConnectionFeature>() is not null)
        {
            var agreed = connection.Features.Get<ITlsApplicationProtocolFeature>();
            return agreed is not null && agreed.ApplicationProtocol.Span.SequenceEqual("h2"u8);
        }

        if (isPreface && protocols.HasFlag(HttpProtocols.Http2))
        {
            connection.Features.Set<ITlsConnectionFeature>(new Agreed());
            connection.Features.Set<ITlsApplicationProtocolFeature>(new Agreed());
            return true;
        }

        return false;
    }

    private static async Task<bool> BeginsWithPrefaceAsync(ConnectionContext connection, CancellationToken cancellationToken)
    {
        var input = connection.Transport.Input;
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            var seen = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, PrefaceBeginLengthBytes)).ToArray();
            var isPossible = PrefaceBegin.StartsWith(seen);
            var isDecided = !isPossible || seen.Length == PrefaceBeginLengthBytes || read.IsCompleted;
            input.AdvanceTo(read.Buffer.Start, isDecided ? read.Buffer.Start : read.Buffer.End);
            if (isDecided)
            {
                return isPossible && seen.Length == PrefaceBeginLengthBytes;
            }
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Agreed : ITlsConnectionFeature, ITlsApplicationProtocolFeature
    {
        public X509Certificate2? ClientCertificate { get; set; }

        public ReadOnlyMemory<byte> ApplicationProtocol { get; } = "h2"u8.ToArray();

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken)
            => Task.FromResult<X509Certificate2?>(null);
    }
}
