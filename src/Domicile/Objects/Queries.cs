namespace Domicile.Objects;

/// <param name="Prefix">Only keys that begin with it; empty for all.</param>
/// <param name="Delimiter">Keys that have it after the prefix are rolled up; empty for none.</param>
/// <param name="After">Only keys, and common prefixes, after it in UTF-8 byte order; null from the start.</param>
/// <param name="PageSize">0 to 1,000 keys and common prefixes together.</param>
internal sealed record ObjectQuery(string Bucket, string Prefix, string Delimiter, string? After, int PageSize);

/// <param name="NextAfter">The last key or common prefix of the page, for the next page; null where this is the last.</param>
internal sealed record ObjectPage(
    IReadOnlyList<ObjectVersion> Objects, IReadOnlyList<string> CommonPrefixes, string? NextAfter);

/// <param name="VersionIdMarker">With <paramref name="KeyMarker"/>: go on after this version of that key.</param>
internal sealed record VersionQuery(
    string Bucket, string Prefix, string Delimiter, string? KeyMarker, string? VersionIdMarker, int PageSize);

internal sealed record VersionPage(
    IReadOnlyList<ObjectVersion> Versions, IReadOnlyList<string> CommonPrefixes,
    string? NextKeyMarker, string? NextVersionIdMarker);

internal sealed record UploadQuery(
    string Bucket, string Prefix, string Delimiter, string? KeyMarker, string? UploadIdMarker, int PageSize);

internal sealed record UploadPage(
    IReadOnlyList<Upload> Uploads, IReadOnlyList<string> CommonPrefixes, string? NextKeyMarker, string? NextUploadIdMarker);

internal sealed record PartPage(IReadOnlyList<UploadPart> Parts, int? NextPartNumberMarker);

/// <summary>How much an account holds, per category of its buckets.</summary>
/// <param name="Stored">Null where a region of a former release says it.</param>
internal sealed record AccountUsage(
    IReadOnlyDictionary<string, CategoryUsage> Categories, int OpenUploads, StoredUsage? Stored = null)
{
    /// <summary>Figures that no account has, and whose sums no number holds.</summary>
    private const long FigureMax = 1L << 52;

    /// <summary>Whether an account may be so, whoever says it: everything there, no figure below 0 or beyond all disks.</summary>
    public bool IsPossible
        => OpenUploads >= 0
            && Categories?.Values.All(one => one is { } said && AreFigures(said.Objects, said.Versions, said.Bytes)) == true
            && (Stored is null || AreFigures(Stored.Contents, Stored.OnDisk));

    private static bool AreFigures(params ReadOnlySpan<long> figures) => !figures.ContainsAnyExceptInRange(0, FigureMax);
}

/// <summary>What lies on the disk: a content under many names counts once. Room and time of a move go by it.</summary>
/// <param name="Contents">Bytes of all contents.</param>
/// <param name="OnDisk">Bytes of contents in files, and of the database with the others.</param>
internal sealed record StoredUsage(long Contents, long OnDisk);

internal sealed record CategoryUsage(long Objects, long Versions, long Bytes);
