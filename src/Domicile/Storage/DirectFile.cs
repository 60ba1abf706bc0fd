using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Domicile.Storage;

/// <summary>
/// A file that is written once, from its beginning to its end, past the page cache (O_DIRECT, see open(2)). A long copy that
/// nobody may read soon then doesn't drive out of memory what others read, and the machine need not find pages for it.
/// </summary>
internal sealed class DirectFile : IContentFile
{
    /// <summary>
    /// What is written begins and ends with a block, in the file and in memory: 4 KiB are the largest sectors that are sold.
    /// Bytes whose address has the same remainder as their offset in the file go to the disk without a copy.
    /// </summary>
    public const int BlockBytes = 4 << 10;

    private readonly SafeFileHandle _file;

    // The last block, while it isn't full.
    private readonly Memory<byte> _edge = AllocateAligned(BlockBytes);
    private int _edgeBytes;
    private long _writtenBytes;

    private DirectFile(SafeFileHandle file) => _file = file;

    public long LengthBytes => _writtenBytes + _edgeBytes;

    /// <summary>Takes the file over.</summary>
    /// <returns>Null where the file system knows no such way.</returns>
    public static DirectFile? TryOpen(SafeFileHandle file) => DurableFile.TryBypassCache(file) ? new DirectFile(file) : null;

    /// <summary>How far behind a block's beginning pinned bytes begin in memory.</summary>
    public static unsafe int RemainderOf(MemoryHandle pinned) => (int)((nint)pinned.Pointer & (BlockBytes - 1));

    public ValueTask<int> ReadAsync(Memory<byte> buffer, long offsetBytes, CancellationToken cancellationToken)
        => throw new NotSupportedException("A file that is still being copied is not read.");

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long offsetBytes, CancellationToken cancellationToken)
    {
        Invariant.Check(offsetBytes == LengthBytes);
        if (_edgeBytes > 0)
        {
            var some = bytes[..Math.Min(bytes.Length, BlockBytes - _edgeBytes)];
            TakeToEdge(some);
            bytes = bytes[some.Length..];
        }

        var whole = bytes[..(bytes.Length & -BlockBytes)];
        await WriteBlocksAsync(whole, cancellationToken);
        TakeToEdge(bytes[whole.Length..]);
    }

    public void Flush()
    {
        // The last block is written whole, and what it has too much is cut off.
        if (_edgeBytes > 0)
        {
            _edge.Span[_edgeBytes..].Clear();
            RandomAccess.Write(_file, _edge.Span, _writtenBytes);
            RandomAccess.SetLength(_file, LengthBytes);
        }

        RandomAccess.FlushToDisk(_file);
    }

    public void Dispose() => _file.Dispose();

    // What is in the edge is either nothing or a block, or there are no others.
    private async Task WriteBlocksAsync(ReadOnlyMemory<byte> blocks, CancellationToken cancellationToken)
    {
        using var pin = blocks.Pin();
        var aligned = RemainderOf(pin) == 0 ? blocks : CopyOf(blocks);
        ReadOnlyMemory<byte>[] pieces = _edgeBytes < BlockBytes ? [aligned] : [_edge, aligned];
        if (_edgeBytes == BlockBytes || !blocks.IsEmpty)
        {
            await RandomAccess.WriteAsync(_file, pieces, _writtenBytes, cancellationToken);
            (_writtenBytes, _edgeBytes) = (_writtenBytes + pieces.Sum(piece => (long)piece.Length), 0);
        }
    }

    private void TakeToEdge(ReadOnlyMemory<byte> bytes)
    {
        bytes.CopyTo(_edge[_edgeBytes..]);
        _edgeBytes += bytes.Length;
    }

    private static Memory<byte> CopyOf(ReadOnlyMemory<byte> bytes)
    {
        var copy = AllocateAligned(bytes.Length);
        bytes.CopyTo(copy);
        return copy;
    }

    private static Memory<byte> AllocateAligned(int lengthBytes)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(lengthBytes + BlockBytes, pinned: true);
        using var pin = bytes.AsMemory().Pin();
        return bytes.AsMemory(-RemainderOf(pin) & (BlockBytes - 1), lengthBytes);
    }
}
