using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Domicile.Server.Hosting;

/// <summary>
/// Kestrel's buffers, as large as the plain bytes of the largest TLS record (RFC 8446, section 5.1). Kestrel gives TLS one
/// block at a time, and each becomes a record of its own: of its usual 4 KiB, four times as many records to seal, open and
/// copy. Blocks are kept for reuse, up to a bound.
/// </summary>
internal sealed class RecordBlocks : MemoryPool<byte>
{
    private const int BlockBytes = 16 * 1024;
    private const int KeptMax = 1024;

    private readonly ConcurrentQueue<Block> _kept = new();

    public override int MaxBufferSize => BlockBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        var block = _kept.TryDequeue(out var kept) ? kept : new Block(this);
        block.IsRented = true;
        return block;
    }

    protected override void Dispose(bool disposing) => _kept.Clear();

    private sealed class Block(RecordBlocks pool) : IMemoryOwner<byte>
    {
        // Pinned: sockets and OpenSSL take its address.
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);

        public bool IsRented { get; set; }

        public Memory<byte> Memory => _bytes;

        public void Dispose()
        {
            if (IsRented && pool._kept.Count < KeptMax)
            {
                IsRented = false;
                pool._kept.Enqueue(this);
            }
        }
    }

    /// <summary>Kestrel asks once per listener's thread.</summary>
    internal sealed class Factory : IMemoryPoolFactory<byte>
    {
        public MemoryPool<byte> Create(MemoryPoolOptions? options) => new RecordBlocks();
    }
}
