using System.Buffers;

namespace Domicile.Server.Peers;

/// <summary>
/// A connection below TLS, which asks for each record's header and then for its body: this reads what has come in one piece,
/// and answers from there. While nothing comes it holds no buffer, if its reader asks with an empty one first, as HTTP clients
/// do on idle connections. Reading and writing may go on at the same time.
/// </summary>
internal sealed class ReadAheadStream(Stream connection) : Stream
{
    private const int AheadBytes = 64 << 10;

    private byte[]? _ahead;
    private Memory<byte> _unread;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_unread.IsEmpty)
        {
            if (buffer.Length == 0 || buffer.Length >= AheadBytes)
            {
                return await connection.ReadAsync(buffer, cancellationToken);
            }

            _ahead ??= ArrayPool<byte>.Shared.Rent(AheadBytes);
            _unread = _ahead.AsMemory(0, await connection.ReadAsync(_ahead.AsMemory(0, AheadBytes), cancellationToken));
        }

        var some = Math.Min(_unread.Length, buffer.Length);
        _unread[..some].CopyTo(buffer);
        _unread = _unread[some..];
        if (_unread.IsEmpty && _ahead is { } read)
        {
            (_ahead, _unread) = (null, default);
            ArrayPool<byte>.Shared.Return(read);
        }

        return some;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        => connection.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

    public override void Flush() => connection.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            connection.Dispose();
        }

        base.Dispose(disposing);
    }
}
