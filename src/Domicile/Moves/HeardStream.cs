namespace Domicile.Moves;

/// <summary>
/// What a peer sends, where each read waits for a bounded time only: a link that falls silent in the middle of a content is
/// as broken as one that is silent between two. Time spent elsewhere, as on a slow disk, doesn't count.
/// </summary>
/// <param name="silence">Cancelled by a read that waits for too long.</param>
internal sealed class HeardStream(Stream inner, CancellationTokenSource silence) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        silence.CancelAfter(MoveLimits.SilenceMax);
        var read = await inner.ReadAsync(buffer, silence.Token);
        silence.CancelAfter(Timeout.InfiniteTimeSpan);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
