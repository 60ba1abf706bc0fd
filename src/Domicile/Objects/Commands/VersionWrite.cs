using Domicile.Objects.Rows;

namespace Domicile.Objects.Commands;

/// <summary>Adds a version or delete marker to a key, by the rules of its bucket's versioning.</summary>
internal static class VersionWrite
{
    /// <summary>
    /// A bucket that is not versioned, or no longer, has one null version per key, which the new one replaces; its older,
    /// named versions stay.
    /// </summary>
    /// <param name="latest">The key's newest row; null where it has none.</param>
    public static VersionRow Add(
        RowChanges changes, BucketRow bucket, VersionRow? latest, string key, long seq, NewVersion content)
    {
        var named = bucket.Versioning == Versioning.Enabled;
        var replaced = named || latest is null ? null
            : latest.VersionId == VersionIds.Null ? latest
            : VersionRow.FindNull(changes.Sql, changes.Account, bucket.Name, key);

        // Clocks of two homes differ, and one may run backwards: the order of versions is that of seq.
        var modified = Math.Max(changes.Transaction.Now.ToUnixTimeMilliseconds(), latest?.ModifiedMs ?? 0);
        var row = new VersionRow(
            bucket.Name, key, seq, named ? VersionIds.New(seq) : VersionIds.Null, seq, content.IsMarker, modified,
            content.Size, content.ETag, DocumentJson.Write(content.Document, DocumentJson.Default.VersionDocument));
        changes.Put(row);
        if (replaced is not null)
        {
            changes.Delete(replaced, seq);
        }

        return row;
    }

    public static CommandResult.ObjectWritten Answer(BucketRow bucket, VersionRow row, string? sourceVersionId = null)
        => new(
            row.ETag, Shown(bucket, row.VersionId), DateTimeOffset.FromUnixTimeMilliseconds(row.ModifiedMs), row.Size,
            row.Parsed.Checksums ?? [], sourceVersionId);

    /// <returns>Null where the bucket was never versioned: S3 says no version ids there.</returns>
    public static string? Shown(BucketRow bucket, string versionId)
        => bucket.Versioning == Versioning.Off ? null : versionId;
}

/// <summary>What a new version holds.</summary>
internal sealed record NewVersion(long Size, string ETag, VersionDocument Document, bool IsMarker = false)
{
    public static readonly NewVersion Marker = new(0, "", new VersionDocument(), IsMarker: true);

    /// <summary>With what is empty left out and dictionaries in order, so that equal documents are equal bytes.</summary>
    public static VersionDocument Describe(
        ObjectHeaders headers, IReadOnlyList<Checksum> checksums, IReadOnlyDictionary<string, string> tags,
        IReadOnlyList<ContentPiece> pieces, IReadOnlyList<long> partSizes)
        => new()
        {
            Headers = DocumentJson.Ordered(headers),
            Checksums = checksums.Count == 0 ? null : checksums,
            Tags = DocumentJson.Ordered(tags),
            Pieces = pieces.Count == 0 ? null : pieces,
            PartSizes = partSizes.Count == 0 ? null : partSizes,
        };
}
