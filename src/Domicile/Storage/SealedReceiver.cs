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
            for (var frame = 0L; frame < _frameCount; frame += ContentLimits.FramesAtOnce)
            {
                var chunk = await ReadChunkAsync(frame, read, cancellationToken);
                if (written.IsFaulted)
                {
                    chunk.Buffer.Dispose();
                    await written;
                }

                // Each in order, and a chunk is checked while the one before it is written.
                var (checkedBefore, writtenBefore) = (allChecked, written);
                var isChecked = allChecked = region.Workers.Run(() => writing.CheckAsync(checkedBefore, chunk));
                written = region.Workers.Run(() => writing.WriteAsync(writtenBefore, isChecked, chunk, cancellationToken));
            }
        }
        catch
        {
            await written.ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            writing.Dispose();
            throw;
        }

        return writing.CompleteAsync(written, cancellationToken);
    }

    public async Task SkipAsync(ReadExactly read, CancellationToken cancellationToken)
    {
        using var buffer = await region.ReceiveRoom.RentAsync(cancellationToken);
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

    private async Task<Chunk> ReadChunkAsync(long first, ReadExactly read, CancellationToken cancellationToken)
    {
        var buffer = await region.ReceiveRoom.RentAsync(cancellationToken);
        try
        {
            var count = (int)Math.Min(ContentLimits.FramesAtOnce, _frameCount - first);
            var frames = buffer.Bytes[..(int)(PlainBytes(first, count) + count * ContentLimits.TagBytes)];
            await read(frames, cancellationToken);
            return new Chunk(buffer, frames, first, count);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    private long PlainBytes(long first, int frames)
        => Math.Min((long)frames * ContentLimits.FrameBytes, lengthBytes - first * ContentLimits.FrameBytes);

    /// <summary>Some frames of the content as they came, in a buffer that is to be given back.</summary>
    private sealed record Chunk(ReceiveRoom.Buffer Buffer, ReadOnlyMemory<byte> Frames, long First, int Count);

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

        public async Task CheckAsync(Task before, Chunk chunk)
        {
            await before;
            Check(chunk);
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

        private void Check(Chunk chunk)
        {
            var scratch = ArrayPool<byte>.Shared.Rent(ContentLimits.FrameBytes);
            try
            {
                for (var i = 0; i < chunk.Count; i++)
                {
                    CheckFrame(chunk, i, scratch);
                }
            }
            finally
            {
                // It held plain bytes of the account.
                ArrayPool<byte>.Shared.Return(scratch, clearArray: true);
            }
        }

        private void CheckFrame(Chunk chunk, int at, byte[] scratch)
        {
            var frame = chunk.First + at;
            var length = (int)receiver.PlainBytes(frame, frames: 1);
            var bytes = chunk.Frames.Span.Slice(at * ContentLimits.SealedFrameBytes, length + ContentLimits.TagBytes);
            if (!_cipher!.TryOpen(frame, frame == receiver._frameCount - 1, bytes, scratch.AsSpan(0, length)))
            {
                throw new ContentCorruptException(
                    $"Content {receiver.ContentId} came with a frame that fails its authentication. Nothing was kept; send it again.");
            }
        }
    }
}
