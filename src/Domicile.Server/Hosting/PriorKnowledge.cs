using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Domicile.Server.Hosting;

/// <summary>
/// HTTP/2 without TLS beside HTTP/1.1 on one port: a client that knows begins with HTTP/2's preface (RFC 9113, section 3.3).
/// Kestrel chooses HTTP/2 beside HTTP/1.1 only by what a TLS handshake agreed on, so for such a connection the handshake's
/// word is said here.
/// </summary>
internal static class PriorKnowledge
{
    private const int PrefaceBeginLengthBytes = 4;

    /// <summary>How long a connection may be silent before its first byte.</summary>
    private static readonly TimeSpan FirstByteTimeout = TimeSpan.FromMinutes(2);

    // The preface's beginning; no method of HTTP/1.1 begins so.
    private static ReadOnlySpan<byte> PrefaceBegin => "PRI "u8;

    public static void Use(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.Use(next => connection => DetectAsync(connection, next));
    }

    private static async Task DetectAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(
            connection.ConnectionClosed, closing ?? CancellationToken.None);
        enough.CancelAfter(FirstByteTimeout);
        try
        {
            if (await BeginsWithPrefaceAsync(connection, enough.Token))
            {
                connection.Features.Set<ITlsConnectionFeature>(new Agreed());
                connection.Features.Set<ITlsApplicationProtocolFeature>(new Agreed());
            }
        }
        catch (OperationCanceledException)
        {
            return; // Nothing was asked, so nothing is to be answered.
        }

        await next(connection);
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

    private sealed class Agreed : ITlsConnectionFeature, ITlsApplicationProtocolFeature
    {
        public X509Certificate2? ClientCertificate { get; set; }

        public ReadOnlyMemory<byte> ApplicationProtocol { get; } = "h2"u8.ToArray();

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken)
            => Task.FromResult<X509Certificate2?>(null);
    }
}
