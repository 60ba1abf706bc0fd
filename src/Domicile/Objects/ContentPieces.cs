using System.IO.Pipelines;
using Domicile.Storage;

namespace Domicile.Objects;

/// <summary>Runs of bytes out of runs of bytes.</summary>
internal static class ContentPieces
{
    /// <summary>The pieces of a range, which must lie within.</summary>
    public static IReadOnlyList<ContentPiece> Slice(IReadOnlyList<ContentPiece> pieces, long offsetBytes, long lengthBytes)
    {
        var slice = new List<ContentPiece>();
        foreach (var piece in pieces)
        {
            var skipped = Math.Min(offsetBytes, piece.LengthBytes);
            var taken = Math.Min(lengthBytes, piece.LengthBytes - skipped);
            if (taken > 0)
            {
                slice.Add(new ContentPiece(piece.ContentId, piece.OffsetBytes + skipped, taken));
            }

            offsetBytes -= skipped;
            lengthBytes -= taken;
        }

        Invariant.Check(lengthBytes == 0);
        return slice;
    }

    /// <summary>All pieces, one list after the other; runs that go on in the same content become one.</summary>
    public static IReadOnlyList<ContentPiece> Join(IEnumerable<IReadOnlyList<ContentPiece>> lists)
    {
        var joined = new List<ContentPiece>();
        foreach (var piece in lists.SelectMany(pieces => pieces))
        {
            if (joined.Count > 0 && joined[^1] is var last && last.ContentId == piece.ContentId
                && last.OffsetBytes + last.LengthBytes == piece.OffsetBytes)
            {
                joined[^1] = last with { LengthBytes = last.LengthBytes + piece.LengthBytes };
            }
            else
            {
                joined.Add(piece);
            }
        }

        return joined;
    }

    /// <summary>Decrypts a range of an object into a pipe. The caller has a hold on the store since before it read the pieces.</summary>
    /// <param name="find">
    /// The rows of the contents, as they were when the pieces were read; null where the row is gone since: then the file, which
    /// the hold keeps, says enough. An inline content is nowhere but in its row: read it with the pieces.
    /// </param>
    /// <exception cref="ContentCorruptException">A stored frame is missing or fails its authentication.</exception>
    public static async Task ReadAsync(
        ContentFiles files, IReadOnlyList<ContentPiece> pieces, Func<string, StoredContent?> find,
        long offsetBytes, long lengthBytes, PipeWriter destination, CancellationToken cancellationToken)
    {
        foreach (var piece in pieces)
        {
            if (lengthBytes == 0)
            {
                return;
            }

            if (offsetBytes >= piece.LengthBytes)
            {
                offsetBytes -= piece.LengthBytes;
                continue;
            }

            var content = find(piece.ContentId) ?? files.Describe(piece.ContentId) ?? throw ContentFiles.Missing(piece.ContentId);
            var taken = Math.Min(lengthBytes, piece.LengthBytes - offsetBytes);
            if (piece.OffsetBytes + offsetBytes + taken > content.LengthBytes)
            {
                throw new ContentCorruptException(
                    $"Content {piece.ContentId} is shorter than its object says. Restore the account from another copy.");
            }

            await files.ReadAsync(content, piece.OffsetBytes + offsetBytes, taken, destination, cancellationToken);
            lengthBytes -= taken;
            offsetBytes = 0;
        }

        Invariant.Check(lengthBytes == 0);
    }
}
