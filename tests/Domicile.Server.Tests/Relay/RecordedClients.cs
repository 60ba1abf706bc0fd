using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Amazon.Runtime;

namespace Domicile.Server.Tests.Relay;

/// <summary>Gives the AWS SDK an HTTP client whose answers are written down as they come over the socket.</summary>
internal sealed class RecordedClients(Transcript transcript) : HttpClientFactory, IDisposable
{
    private readonly SocketsHttpHandler _handler = new()
    {
        ConnectCallback = async (context, stop) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(context.DnsEndPoint, stop);
            return new RecordedStream(new NetworkStream(socket, ownsSocket: true), transcript);
        },
        AllowAutoRedirect = false,

        // Whether "100 Continue" comes is the server's word, not a matter of time.
        Expect100ContinueTimeout = TimeSpan.FromMinutes(1),
        AutomaticDecompression = System.Net.DecompressionMethods.None,
    };

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(_handler, disposeHandler: false);

    public void Dispose() => _handler.Dispose();

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
}

/// <summary>A connection over which HTTP/1.1 requests go one after the other, each head in one piece, as .NET's client writes them.</summary>
internal sealed partial class RecordedStream(NetworkStream inner, Transcript transcript) : Stream
{
    private const int RequestLineShownBytesMax = 4096;

    private readonly Lock _gate = new();
    private MemoryStream _answer = new();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        Note(buffer.Span[..count]);
        return count;
    }

    // The SDK reads some documents so.
    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = inner.Read(buffer, offset, count);
        Note(buffer.AsSpan(offset, read));
        return read;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (RequestLine().IsMatch(Encoding.Latin1.GetString(buffer.Span[..Math.Min(buffer.Length, RequestLineShownBytesMax)])))
        {
            lock (_gate)
            {
                _answer = transcript.Open();
            }
        }

        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        base.Dispose(disposing);
    }

    private void Note(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            _answer.Write(bytes);
        }
    }

    [GeneratedRegex("^[A-Z]+ [^ \r\n]+ HTTP/1\\.1\r\n")]
    private static partial Regex RequestLine();
}
