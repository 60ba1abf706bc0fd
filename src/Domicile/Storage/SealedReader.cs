using System.Buffers;
using System.IO.Pipelines;

namespace Domicile.Storage;

/// <summary>
/// Reads a content's frames, some at a time, and opens them one by one. A frame's bytes leave only after its tag was
/// checked. One user at a time.
/// </summary>
internal sealed class SealedReader : IDisposable
{
    private readonly StoredContent _content;
    private readonly FrameCipher _cipher;
    private readonly IContentFile? _file;
    private readonly byte[] _buffer;
    private byte[]? _scratch;
    private ReadOnlyMemory<byte> _loaded;
    private long _firstLoaded;

    private SealedReader(StoredContent content, FrameCipher cipher, IContentFile? file)
    {
        _content = content;
        _cipher = cipher;
        _file = file;
        FrameCount = ContentLimits.FrameCount(content.LengthBytes);
        _buffer = file is null
            ? []
            : ArrayPool<byte>.Shared.Rent(ContentLimits.SealedFrameBytes * (int)Math.Min(FrameCount, ContentLimits.FramesAtOnce));
    }

    public long FrameCount { get; }

    /// <summary>Whether the frames that were opened lie under a former key of the account.</summary>
    public bool IsUnderFormerKey => _cipher.IsUnderFormerKey;

    /// <param name="path">The file; null where the content is inline.</param>
    /// <exception cref="ContentCorruptException">There is no file, it is of another length, or of another format.</exception>
    public static async ValueTask<SealedReader> OpenAsync(
        IContentDisk disk, StoredContent content, string? path, Func<FrameCipher> openCipher, CancellationToken cancellationToken)
    {
        if (path is null)
        {
            return content.Inline.Length == ContentLimits.FramesLength(content.LengthBytes)
                ? new SealedReader(content, openCipher(), file: null)
                : throw Corrupt(content, "is of another length than its row says");
        }

        var file = OpenFile(disk, content.ContentId, path);
        try
        {
            if (file.LengthBytes != ContentLimits.SealedLength(content.LengthBytes))
            {
                throw Corrupt(content, "is of another length than its row says");
            }

            var header = new byte[ContentLimits.HeaderBytes];
            await file.ReadAsync(header, offsetBytes: 0, cancellationToken);
            if (!header.AsSpan().SequenceEqual(ContentFiles.FileHeader.Span))
            {
                throw Corrupt(content, "does not begin as a content file of this release");
            }

            return new SealedReader(content, openCipher(), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads some frames, at least one, from <paramref name="first"/> on.</summary>
    /// <param name="last">The last frame that is wanted.</param>
    /// <returns>How many were read.</returns>
    public async ValueTask<int> LoadAsync(long first, long last, CancellationToken cancellationToken)
    {
        Invariant.Check(first >= 0 && first <= last && last < FrameCount);
        _firstLoaded = first;
        if (_file is null)
        {
            // An inline content is shorter than a frame.
            Invariant.Check(FrameCount == 1);
            _loaded = _content.Inline;
            return 1;
        }

        var count = (int)Math.Min(last - first + 1, ContentLimits.FramesAtOnce);
        var length = 0;
        for (var frame = first; frame < first + count; frame++)
        {
            length += PlainBytes(frame) + ContentLimits.TagBytes;
        }

        var offset = ContentLimits.HeaderBytes + first * ContentLimits.SealedFrameBytes;
        for (var filled = 0; filled < length;)
        {
            var read = await _file.ReadAsync(_buffer.AsMemory(filled, length - filled), offset + filled, cancellationToken);
            filled += read > 0 ? read : throw Corrupt(_content, "was cut short while it was read");
        }

        _loaded = _buffer.AsMemory(0, length);
        return count;
    }

    /// <summary>Opens a loaded frame and writes those of its bytes that lie between the offsets.</summary>
    public void WriteTo(PipeWriter destination, long frame, long offsetBytes, long endBytes)
    {
        var begin = frame * ContentLimits.FrameBytes;
        var length = PlainBytes(frame);
        var from = (int)Math.Max(0, offsetBytes - begin);
        var to = (int)Math.Min(length, endBytes - begin);
        if (from == 0 && to == length)
        {
            Open(frame, destination.GetSpan(length)[..length]);
            destination.Advance(length);
        }
        else
        {
            Check(frame);
            destination.Write(_scratch.AsSpan(from, to - from));
        }
    }

    /// <summary>Opens a loaded frame for its tag's sake.</summary>
    public void Check(long frame)
    {
        _scratch ??= ArrayPool<byte>.Shared.Rent((int)Math.Min(ContentLimits.FrameBytes, _content.LengthBytes));
        Open(frame, _scratch.AsSpan(0, PlainBytes(frame)));
    }

    public void Dispose()
    {
        _cipher.Dispose();
        _file?.Dispose();
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        if (_scratch is not null)
        {
            // It held plain bytes of the account.
            ArrayPool<byte>.Shared.Return(_scratch, clearArray: true);
        }
    }

    private static IContentFile OpenFile(IContentDisk disk, string contentId, string path)
    {
        try
        {
            return disk.Open(path);
        }
        catch (IOException fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ContentFiles.Missing(contentId, fault);
        }
    }

    private static ContentCorruptException Corrupt(StoredContent content, string what)
        => new($"Content {content.ContentId} {what}. Restore it, or the account, from another copy.");

    /// <summary>Opens a loaded frame.</summary>
    /// <param name="plain"><see cref="PlainBytes"/> long.</param>
    /// <exception cref="ContentCorruptException">It fails its authentication.</exception>
    public void Open(long frame, Span<byte> plain)
    {
        var at = (int)(frame - _firstLoaded) * ContentLimits.SealedFrameBytes;
        var sealedFrame = _loaded.Span.Slice(at, plain.Length + ContentLimits.TagBytes);
        if (!_cipher.TryOpen(frame, frame == FrameCount - 1, sealedFrame, plain))
        {
            throw Corrupt(_content, "has a frame that fails its authentication");
        }
    }

    public int PlainBytes(long frame)
        => (int)Math.Min(ContentLimits.FrameBytes, _content.LengthBytes - frame * ContentLimits.FrameBytes);
}
