using System.Buffers;
using Domicile.Storage;

namespace Domicile.Objects;

/// <summary>
/// Encrypts a content into this region's store as it arrives, 64 KiB at a time, and keeps it out of every object until a
/// command that names it commits. Disposed without that, its bytes are deleted. One user at a time.
/// </summary>
/// <param name="files">The account's files.</param>
/// <param name="contentId">Never used before, else a nonce would be used twice; null draws one.</param>
internal sealed class ContentWriter(ContentFiles files, string? contentId = null) : IAsyncDisposable
{
    private readonly string _contentId = contentId ?? ContentId.Draw();

    // A frame is encrypted only when more bytes follow or none ever will: the last one is marked as such.
    private readonly byte[] _frame = ArrayPool<byte>.Shared.Rent(ContentLimits.FrameBytes);
    private int _frameLength;
    private long _frameIndex;

    private byte[]? _sealed;
    private int _sealedLength;
    private FrameCipher? _cipher;
    private ContentDraft? _draft;
    private StagedContent? _staged;
    private bool _isAdopted;
    private bool _isDisposed;

    /// <summary>Plain bytes so far.</summary>
    public long LengthBytes { get; private set; }

    /// <summary>Takes all of <paramref name="plain"/> before it returns; the caller may reuse the memory.</summary>
    /// <exception cref="StorageFullException">The disk is full.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> plain, CancellationToken cancellationToken)
    {
        Invariant.Check(_staged is null && !_isDisposed);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LengthBytes + plain.Length, ContentLimits.LengthBytesMax);
        LengthBytes += plain.Length;
        while (!plain.IsEmpty)
        {
            if (_frameLength == ContentLimits.FrameBytes)
            {
                await SealAsync(_frame.AsMemory(0, _frameLength), isLast: false, cancellationToken);
                _frameLength = 0;
            }

            if (_frameLength == 0 && plain.Length > ContentLimits.FrameBytes)
            {
                await SealAsync(plain[..ContentLimits.FrameBytes], isLast: false, cancellationToken);
                plain = plain[ContentLimits.FrameBytes..];
                continue;
            }

            var taken = Math.Min(plain.Length, ContentLimits.FrameBytes - _frameLength);
            plain[..taken].CopyTo(_frame.AsMemory(_frameLength));
            _frameLength += taken;
            plain = plain[taken..];
        }
    }

    /// <summary>When it returns, the content is durable (a file, fsynced, under its final name) or inline.</summary>
    /// <exception cref="StorageFullException">The disk is full.</exception>
    public async ValueTask<StagedContent> CompleteAsync(CancellationToken cancellationToken)
    {
        Invariant.Check(_staged is null && !_isDisposed);
        if (LengthBytes <= ContentLimits.InlineBytesMax)
        {
            return _staged = new StagedContent(_contentId, LengthBytes, SealInline());
        }

        await SealAsync(_frame.AsMemory(0, _frameLength), isLast: true, cancellationToken);
        await WriteSealedAsync(cancellationToken);
        _draft!.Complete(_contentId);
        return _staged = new StagedContent(_contentId, LengthBytes, Inline: null);
    }

    /// <summary>
    /// The command that names this content has committed here: don't delete it. Handed over to a new home, which stored bytes
    /// of its own, these are of no use: leave the call out.
    /// </summary>
    public void Adopted()
    {
        Invariant.Check(_staged is not null);
        _isAdopted = true;
        files.Adopted(_contentId);
    }

    public ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return ValueTask.CompletedTask;
        }

        _isDisposed = true;
        _draft?.Dispose();
        _cipher?.Dispose();
        if (_staged is { Inline: null } && !_isAdopted)
        {
            files.Delete(_contentId);
        }

        // They held plain bytes of the account; the next who rents them is of another one.
        _frame.AsSpan(0, (int)Math.Min(LengthBytes, ContentLimits.FrameBytes)).Clear();
        ArrayPool<byte>.Shared.Return(_frame);
        if (_sealed is not null)
        {
            ArrayPool<byte>.Shared.Return(_sealed);
        }

        return ValueTask.CompletedTask;
    }

    private byte[] SealInline()
    {
        var frames = new byte[ContentLimits.FramesLength(LengthBytes)];
        using var cipher = files.OpenCipher(_contentId);
        cipher.Seal(index: 0, isLast: true, _frame.AsSpan(0, _frameLength), frames);
        return frames;
    }

    private async ValueTask SealAsync(ReadOnlyMemory<byte> plain, bool isLast, CancellationToken cancellationToken)
    {
        if (_draft is null)
        {
            _sealed = ArrayPool<byte>.Shared.Rent(ContentLimits.SealedFrameBytes * ContentLimits.FramesAtOnce);
            _cipher = files.OpenCipher(_contentId);
            _draft = files.CreateDraft();
            await _draft.AppendAsync(ContentFiles.FileHeader, cancellationToken);
        }

        var length = plain.Length + ContentLimits.TagBytes;
        _cipher!.Seal(_frameIndex++, isLast, plain.Span, _sealed.AsSpan(_sealedLength, length));
        _sealedLength += length;
        if (_sealedLength == ContentLimits.SealedFrameBytes * ContentLimits.FramesAtOnce)
        {
            await WriteSealedAsync(cancellationToken);
        }
    }

    private async ValueTask WriteSealedAsync(CancellationToken cancellationToken)
    {
        if (_sealedLength > 0)
        {
            await _draft!.AppendAsync(_sealed.AsMemory(0, _sealedLength), cancellationToken);
            _sealedLength = 0;
        }
    }
}
