using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Domicile.Storage;

/// <summary>
/// A file that is written once, from its beginning to its end, past the page cache (O_DIRECT, see open(2)). A long copy that
/// nobody may read soon then doesn't drive out of memory what others read, and the machine need not find pages for it.
/// </summary>
internal sealed class DirectFile : IContentFile
{
    // A power of two, and a multiple of every disk's sectors: 4 KiB are the largest that are sold.
    private const int BlockBytes = 64 << 10;
    private const int PieceBytes = 4 * BlockBytes;

    private readonly SafeFileHandle _file;
    private readonly Memory<byte> _piece = AllocatePiece();
    private long _pieceOffset;
    private int _filledBytes;

    private DirectFile(SafeFileHandle file) => _file = file;

    public long LengthBytes => _pieceOffset + _filledBytes;

    /// <summary>Takes the file over.</summary>
    /// <returns>Null where the file system knows no such way.</returns>
    public static DirectFile? TryOpen(SafeFileHandle file) => DurableFile.TryBypassCache(file) ? new DirectFile(file) : null;

    public ValueTask<int> ReadAsync(Memory<byte> buffer, long offsetBytes, CancellationToken cancellationToken)
        => throw new NotSupportedException("A file that is still being copied is not read.");

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long offsetBytes, CancellationToken cancellationToken)
    {
        Invariant.Check(offsetBytes == LengthBytes);
        while (!bytes.IsEmpty)
        {
            var some = bytes[..Math.Min(bytes.Length, PieceBytes - _filledBytes)];
            some.CopyTo(_piece[_filledBytes..]);
            _filledBytes += some.Length;
            bytes = bytes[some.Length..];
            if (_filledBytes == PieceBytes)
            {
                await RandomAccess.WriteAsync(_file, _piece, _pieceOffset, cancellationToken);
                (_pieceOffset, _filledBytes) = (_pieceOffset + PieceBytes, 0);
            }
        }
    }

    public void Flush()
    {
        // The last block is written whole, and what it has too much is cut off.
        var rest = _piece.Span[..((_filledBytes + BlockBytes - 1) & -BlockBytes)];
        rest[_filledBytes..].Clear();
        RandomAccess.Write(_file, rest, _pieceOffset);
        RandomAccess.SetLength(_file, LengthBytes);
        RandomAccess.FlushToDisk(_file);
    }

    public void Dispose() => _file.Dispose();

    // Pinned: a disk takes only what begins where a block may.
    private static unsafe Memory<byte> AllocatePiece()
    {
        var bytes = GC.AllocateUninitializedArray<byte>(PieceBytes + BlockBytes, pinned: true);
        var address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(bytes));
        return bytes.AsMemory((int)(-address & (BlockBytes - 1)), PieceBytes);
    }
}
