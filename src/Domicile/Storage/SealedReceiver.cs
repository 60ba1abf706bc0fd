using System.Buffers;

namespace Domicile.Storage;

/// <summary>Fills the destination, as <see cref="Stream.ReadExactlyAsync(Memory{byte}, CancellationToken)"/> does.</summary>
/// <exception cref="EndOfStreamException">Too little is left.</exception>
internal delegate ValueTask ReadExactly(Memory<byte> destination, CancellationToken cancellationToken);

/// <summary>
/// Takes one content file from another region, frame by frame, none stored unchecked. Reading runs ahead of checking and
/// writing as far as the region's room for it goes.
/// </summary>
internal sealed class SealedReceiver(ContentFiles files, RegionStorage region, string contentId, long lengthBytes)
{
    // What fits into a buffer, wherever in it the first of them begins.
    private const int FramesMax = (StorageLimits.ReceiveBufferBytes - DirectFile.BlockBytes) / ContentLimits.SealedFrameBytes;

    private const ConfigureAwaitOptions Quiet =
        ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext;

    private readonly long _frameCount = ContentLimits.FrameCount(lengthBytes);

    private ContentFiles Files => files;

    private RegionStorage Region => region;

    private string ContentId => contentId;

    private long SealedLength => ContentLimits.SealedLength(lengthBytes);

    /// <returns>Once all bytes are read: a task that completes when the file is durable under its name.</returns>
    public async Task<Task> ReadAsync(ReadExactly read, CancellationToken cancellationToken)
    {
        await CheckHeaderAsync(read, cancellationToken);
        var writing = new Writing(this);
        var begun = region.Workers.Run(() => writing.BeginAsync(cancellationToken));
        var (allChecked, written) = (begun, begun);
        try
        {
            for (var frame = 0L; frame < _frameCount; frame += FramesMax)
            {
                var chunk = await RentChunkAsync(frame, cancellationToken);
                var isChecked = allChecked = await ReadChunkAsync(chunk, read, writing, allChecked, written, cancellationToken);
                var writtenBefore = written;
                written = region.Workers.Run(() => writing.WriteAsync(writtenBefore, isChecked, chunk, cancellationToken));
            }
        }
        catch
        {
            await written.ConfigureAwait(Quiet);
            writing.Dispose();
            throw;
        }

        return writing.CompleteAsync(written, cancellationToken);
    }

    public async Task SkipAsync(ReadExactly read, CancellationToken cancellationToken)
    {
        using var buffer = await region.ReceiveRoom.RentAsync(fileOffsetBytes: 0, cancellationToken);
        for (var left = SealedLength; left > 0;)
        {
            var some = buffer.Bytes[..(int)Math.Min(left, buffer.Bytes.Length)];
            await read(some, cancellationToken);
            left -= some.Length;
        }
    }

    private async Task CheckHeaderAsync(ReadExactly read, CancellationToken cancellationToken)
    {
        var header = new byte[ContentLimits.HeaderBytes];
        await read(header, cancellationToken);
        if (!header.AsSpan().SequenceEqual(ContentFiles.FileHeader.Span))
        {
            throw new ContentCorruptException(
                $"Content {contentId} came in a format that this release doesn't know. Nothing was kept.");
        }
    }

    private async Task<Chunk> RentChunkAsync(long first, CancellationToken cancellationToken)
    {
        var buffer = await region.ReceiveRoom.RentAsync(
            ContentLimits.HeaderBytes + first * ContentLimits.SealedFrameBytes, cancellationToken);
        var parts = new List<Part>();
        var end = Math.Min(first + FramesMax, _frameCount);
        var at = 0;
        for (var frame = first; frame < end; frame += ContentLimits.FramesAtOnce)
        {
            var count = (int)Math.Min(ContentLimits.FramesAtOnce, end - frame);
            var lengthBytes = (int)PlainBytes(frame, count) + count * ContentLimits.TagBytes;
            parts.Add(new Part(buffer.Bytes.Slice(at, lengthBytes), frame, count));
            at += lengthBytes;
        }

        return new Chunk(buffer, buffer.Bytes[..at], parts);
    }

    /// <returns>Once its bytes are read: a task that completes when they are checked, and all before them.</returns>
    private async Task<Task> ReadChunkAsync(
        Chunk chunk, ReadExactly read, Writing writing, Task allChecked, Task written, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var part in chunk.Parts)
            {
                await read(part.Bytes, cancellationToken);
                if (written.IsFaulted)
                {
                    await written;
                }

                // Each in order, while its bytes are near the processor and the chunk before it is written.
                var before = allChecked;
                allChecked = region.Workers.Run(() => writing.CheckAsync(before, part));
            }

            return allChecked;
        }
        catch
        {
            await allChecked.ConfigureAwait(Quiet);
            chunk.Buffer.Dispose();
            throw;
        }
    }

    private long PlainBytes(long first, int frames)
        => Math.Min((long)frames * ContentLimits.FrameBytes, lengthBytes - first * ContentLimits.FrameBytes);

    /// <summary>Frames of the content that are written at once, in a buffer that is to be given back.</summary>
    private sealed record Chunk(ReceiveRoom.Buffer Buffer, ReadOnlyMemory<byte> Frames, IReadOnlyList<Part> Parts);

    /// <summary>Of them, those that are read and checked at once.</summary>
    private sealed record Part(Memory<byte> Bytes, long First, int Count);

    /// <summary>The other end of the reading: one chunk after the other is checked and written.</summary>
    private sealed class Writing(SealedReceiver receiver) : IDisposable
    {
        private FrameCipher? _cipher;
        private ContentDraft? _draft;

        public async Task BeginAsync(CancellationToken cancellationToken)
        {
            _cipher = receiver.Files.OpenCipher(receiver.ContentId);
            _draft = receiver.Files.CreateDraft(receiver.SealedLength);
            await _draft.AppendAsync(ContentFiles.FileHeader, cancellationToken);
        }

        public async Task CheckAsync(Task before, Part part)
        {
            await before;
            Check(part);
        }

        public async Task WriteAsync(Task before, Task isChecked, Chunk chunk, CancellationToken cancellationToken)
        {
            using (chunk.Buffer)
            {
                // Of both, whatever becomes of them: the buffer is still being checked where writing has failed.
                await Task.WhenAll(before, isChecked);
                await _draft!.AppendAsync(chunk.Frames, cancellationToken);
            }
        }

        public async Task CompleteAsync(Task written, CancellationToken cancellationToken)
        {
            using (this)
            {
                await written;
                using var turn = await receiver.Region.ReceiveRoom.TakeFlushAsync(cancellationToken);
                await receiver.Region.Workers.Run(() => _draft!.Complete(receiver.ContentId));
            }
        }

        public void Dispose()
        {
            _cipher?.Dispose();
            _draft?.Dispose();
        }

        private void Check(Part part)
        {
            var scratch = ArrayPool<byte>.Shared.Rent(ContentLimits.FrameBytes);
            try
            {
                for (var i = 0; i < part.Count; i++)
                {
                    CheckFrame(part, i, scratch);
                }
            }
            finally
            {
                // It held plain bytes of the account.
                ArrayPool<byte>.Shared.Return(scratch, clearArray: true);
            }
        }

        private void CheckFrame(Part part, int at, byte[] scratch)
        {
            var frame = part.First + at;
            var length = (int)receiver.PlainBytes(frame, frames: 1);
            var bytes = part.Bytes.Span.Slice(at * ContentLimits.SealedFrameBytes, length + ContentLimits.TagBytes);
            if (!_cipher!.TryOpen(frame, frame == receiver._frameCount - 1, bytes, scratch.AsSpan(0, length)))
            {
                throw new ContentCorruptException(
                    $"Content {receiver.ContentId} came with a frame that fails its authentication. Nothing was kept; send it again.");
            }
        }
    }
}
