using System.Buffers;

namespace Domicile.Storage;

/// <summary>
/// How much of what other regions send may be under way in this region: buffers that were read and not yet written, and
/// files that wait for the disk. For all moves together, so that memory and threads stay bounded. Thread-safe.
/// </summary>
internal sealed class ReceiveRoom
{
    private readonly Turns _buffers = new() { AtOnce = StorageLimits.ReceiveBuffersMax };
    private readonly Turns _flushes = new() { AtOnce = StorageLimits.ReceiveFlushesMax };

    /// <summary>A buffer for <see cref="ContentLimits.FramesAtOnce"/> sealed frames. Dispose it when it is written.</summary>
    public async ValueTask<Buffer> RentAsync(CancellationToken cancellationToken)
        => new(await _buffers.TakeAsync(cancellationToken));

    /// <summary>A turn to flush a file: flushing blocks its thread. Dispose it when that is done.</summary>
    public Task<IDisposable> TakeFlushAsync(CancellationToken cancellationToken) => _flushes.TakeAsync(cancellationToken);

    internal sealed class Buffer(IDisposable turn) : IDisposable
    {
        private readonly byte[] _bytes = ArrayPool<byte>.Shared.Rent(ContentLimits.SealedFrameBytes * ContentLimits.FramesAtOnce);

        public Memory<byte> Bytes => _bytes;

        public void Dispose()
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            turn.Dispose();
        }
    }
}
