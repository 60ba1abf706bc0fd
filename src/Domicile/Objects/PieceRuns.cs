namespace Domicile.Objects;

/// <summary>Runs of bytes out of runs of bytes.</summary>
internal static class PieceRuns
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
}
