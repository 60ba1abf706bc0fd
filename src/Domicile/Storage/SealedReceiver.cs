using System.Buffers;

namespace Domicile.Storage;

/// <summary>Takes one content file from another region, frame by frame, none stored unchecked.</summary>
internal sealed class SealedReceiver(ContentFiles files, string contentId, long lengthBytes) : IDisposable
{
    private readonly byte[] _buffer =
        ArrayPool<byte>.Shared.Rent(ContentLimits.SealedFrameBytes * ContentLimits.FramesAtOnce);

    private readonly byte[] _scratch = ArrayPool<byte>.Shared.Rent(ContentLimits.FrameBytes);

    private readonly long _frameCount = ContentLimits.FrameCount(lengthBytes);

    public async Task StoreAsync(Stream source, CancellationToken cancellationToken)
    {
        var header = _buffer.AsMemory(0, ContentLimits.HeaderBytes);
        await source.ReadExactlyAsync(header, cancellationToken);
        if (!header.Span.SequenceEqual(ContentFiles.FileHeader.Span))
        {
            throw new ContentCorruptException(
                $"Content {contentId} came in a format that this release doesn't know. Nothing was kept.");
        }

        using var cipher = files.OpenCipher(contentId);
        using var draft = files.CreateDraft();
        await draft.AppendAsync(header, cancellationToken);
        for (var frame = 0L; frame < _frameCount;)
        {
            var count = (int)Math.Min(ContentLimits.FramesAtOnce, _frameCount - frame);
            var frames = _buffer.AsMemory(0, (int)(PlainBytes(frame, count) + count * ContentLimits.TagBytes));
            await source.ReadExactlyAsync(frames, cancellationToken);
            Check(cipher, frames.Span, frame, count);
            await draft.AppendAsync(frames, cancellationToken);
            frame += count;
        }

        draft.Complete(contentId);
    }

    public async Task SkipAsync(Stream source, CancellationToken cancellationToken)
    {
        for (var left = ContentLimits.SealedLength(lengthBytes); left > 0;)
        {
            var some = _buffer.AsMemory(0, (int)Math.Min(left, _buffer.Length));
            await source.ReadExactlyAsync(some, cancellationToken);
            left -= some.Length;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        ArrayPool<byte>.Shared.Return(_scratch, clearArray: true);
    }

    private void Check(FrameCipher cipher, ReadOnlySpan<byte> frames, long first, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var length = (int)PlainBytes(first + i, frames: 1);
            var frame = frames.Slice(i * ContentLimits.SealedFrameBytes, length + ContentLimits.TagBytes);
            if (!cipher.TryOpen(first + i, first + i == _frameCount - 1, frame, _scratch.AsSpan(0, length)))
            {
                throw new ContentCorruptException(
                    $"Content {contentId} came with a frame that fails its authentication. Nothing was kept; send it again.");
            }
        }
    }

    private long PlainBytes(long first, int frames)
        => Math.Min((long)frames * ContentLimits.FrameBytes, lengthBytes - first * ContentLimits.FrameBytes);
}
