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

    /// <summary>A buffer for what comes next of a file. Dispose it when that is written.</summary>
    /// <param name="fileOffsetBytes">Where that belongs in the file.</param>
    public async ValueTask<Buffer> RentAsync(long fileOffsetBytes, CancellationToken cancellationToken)
        => new(await _buffers.TakeAsync(cancellationToken), fileOffsetBytes);

    /// <summary>A turn to flush a file: flushing blocks its thread. Dispose it when that is done.</summary>
    public Task<IDisposable> TakeFlushAsync(CancellationToken cancellationToken) => _flushes.TakeAsync(cancellationToken);

    internal sealed class Buffer : IDisposable
    {
        private readonly IDisposable _turn;
        private readonly byte[] _bytes = ArrayPool<byte>.Shared.Rent(StorageLimits.ReceiveBufferBytes);
        private readonly MemoryHandle _pin;

        public Buffer(IDisposable turn, long fileOffsetBytes)
        {
            // As far from a block's beginning as in the file, so that the disk can take it from here: see DirectFile.
            _turn = turn;
            _pin = _bytes.AsMemory().Pin();
            var shift = (int)((fileOffsetBytes - DirectFile.RemainderOf(_pin)) & (DirectFile.BlockBytes - 1));
            Bytes = _bytes.AsMemory(shift, StorageLimits.ReceiveBufferBytes - DirectFile.BlockBytes);
        }

        public Memory<byte> Bytes { get; }

        public void Dispose()
        {
            _pin.Dispose();
            ArrayPool<byte>.Shared.Return(_bytes);
            _turn.Dispose();
        }
    }
}
