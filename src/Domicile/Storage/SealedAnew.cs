using System.Buffers;

namespace Domicile.Storage;

/// <summary>Encrypts a stored content again under the account's newest key: same id, same length, same plain bytes.</summary>
/// <remarks>
/// The new bytes take the old ones' place whole, by the name of a file or by the row: whoever reads sees the one or the other.
/// Done again after a crash it gives the same bytes, so no nonce is used for two plain texts.
/// </remarks>
internal static class SealedAnew
{
    /// <returns>The frame for the row; null where it lies under the newest key already.</returns>
    /// <exception cref="ContentCorruptException">It opens under no key of the account.</exception>
    public static async Task<byte[]?> OfInlineAsync(ContentFiles files, StoredContent content, CancellationToken cancellationToken)
    {
        using var reader = await files.OpenReaderAsync(content, cancellationToken);
        await reader.LoadAsync(first: 0, last: 0, cancellationToken);
        var plain = ArrayPool<byte>.Shared.Rent(ContentLimits.InlineBytesMax);
        try
        {
            var bytes = plain.AsMemory(0, (int)content.LengthBytes);
            reader.Open(frame: 0, bytes.Span);
            if (!reader.IsUnderFormerKey)
            {
                return null;
            }

            var anew = new byte[ContentLimits.FramesLength(content.LengthBytes)];
            using var cipher = files.OpenCipher(content.ContentId);
            cipher.Seal(index: 0, isLast: true, bytes.Span, anew);
            return anew;
        }
        finally
        {
            // It held plain bytes of the account.
            ArrayPool<byte>.Shared.Return(plain, clearArray: true);
        }
    }

    /// <summary>
    /// Replaces a content's file. The caller holds the store open since before it read the content's row: so the file is
    /// deleted after this, if its row is meanwhile, and not before.
    /// </summary>
    /// <returns>False where it lies under the newest key already: nothing was done.</returns>
    /// <exception cref="ContentCorruptException">There is no file, or a frame opens under no key: it stays as it is.</exception>
    /// <exception cref="StorageFullException">There is no room for a second copy of it.</exception>
    public static async Task<bool> RewriteFileAsync(
        ContentFiles files, RegionStorage region, StoredContent content, CancellationToken cancellationToken)
    {
        using var reader = await files.OpenReaderAsync(content, cancellationToken);
        await reader.LoadAsync(first: 0, last: 0, cancellationToken);
        reader.Check(frame: 0);
        if (!reader.IsUnderFormerKey)
        {
            return false;
        }

        if (region.FreeBytes - ContentLimits.SealedLength(content.LengthBytes) < StorageLimits.RoomForDeletionsMax)
        {
            throw new StorageFullException(
                $"Encrypting content {content.ContentId} again needs room for a second copy of {content.LengthBytes} bytes. "
                + "Free some space: it goes on by itself.");
        }

        using var draft = files.CreateDraft();
        await draft.AppendAsync(ContentFiles.FileHeader, cancellationToken);
        await CopyAsync(files, reader, content, draft, cancellationToken);
        await region.Workers.Run(() => draft.Complete(content.ContentId));
        files.Adopted(content.ContentId);
        return true;
    }

    private static async Task CopyAsync(
        ContentFiles files, SealedReader reader, StoredContent content, ContentDraft draft, CancellationToken cancellationToken)
    {
        using var cipher = files.OpenCipher(content.ContentId);
        var plain = ArrayPool<byte>.Shared.Rent(ContentLimits.FrameBytes);
        var anew = ArrayPool<byte>.Shared.Rent(ContentLimits.SealedFrameBytes * ContentLimits.FramesAtOnce);
        try
        {
            for (var frame = 0L; frame < reader.FrameCount;)
            {
                var count = await reader.LoadAsync(frame, reader.FrameCount - 1, cancellationToken);
                var filled = 0;
                for (var end = frame + count; frame < end; frame++)
                {
                    var length = reader.PlainBytes(frame);
                    reader.Open(frame, plain.AsSpan(0, length));
                    cipher.Seal(
                        frame, frame == reader.FrameCount - 1, plain.AsSpan(0, length),
                        anew.AsSpan(filled, length + ContentLimits.TagBytes));
                    filled += length + ContentLimits.TagBytes;
                }

                await draft.AppendAsync(anew.AsMemory(0, filled), cancellationToken);
            }
        }
        finally
        {
            // It held plain bytes of the account.
            ArrayPool<byte>.Shared.Return(plain, clearArray: true);
            ArrayPool<byte>.Shared.Return(anew);
        }
    }
}
