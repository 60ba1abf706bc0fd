using System.IO.Pipelines;
using Domicile.Storage;

namespace Domicile.Objects;

/// <summary>Reads an object, which is its pieces of stored contents one after the other.</summary>
internal static class ContentPieces
{
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
