using Domicile.Objects.Rows;

namespace Domicile.Objects.Commands;

/// <summary>RFC 9110, section 13, as S3 applies it.</summary>
internal static class Conditions
{
    /// <summary>
    /// Of writes and deletions, on the current version; a delete marker is no object. S3, "conditional requests":
    /// If-Match on a key that isn't there is 404, an ETag that doesn't match is 412.
    /// </summary>
    /// <returns>The error's code; null where the write may go on.</returns>
    public static string? CheckWrite(WriteConditions conditions, VersionRow? current)
    {
        var existing = current is { IsMarker: false } ? current : null;
        if (conditions.IfMatch is { } match && !Matches(match, existing))
        {
            return existing is null ? "NoSuchKey" : "PreconditionFailed";
        }

        if (conditions.IfNoneMatch is { } noneMatch && Matches(noneMatch, existing))
        {
            return "PreconditionFailed";
        }

        return existing is not null
            && (conditions.IfUnmodifiedSince < Modified(existing) || conditions.IfModifiedSince >= Modified(existing))
            ? "PreconditionFailed"
            : null;
    }

    /// <summary>
    /// Of a copy, on its source. The ETag's condition wins over the date's where both are given (CopyObject,
    /// <c>x-amz-copy-source-if-*</c>).
    /// </summary>
    public static bool HoldForCopy(WriteConditions conditions, VersionRow source)
    {
        var modified = Modified(source);
        var matches = conditions.IfMatch is { } match ? Matches(match, source) : !(conditions.IfUnmodifiedSince < modified);
        var differs = conditions.IfNoneMatch is { } noneMatch
            ? !Matches(noneMatch, source)
            : !(conditions.IfModifiedSince >= modified);
        return matches && differs;
    }

    private static bool Matches(IReadOnlyList<string> etags, VersionRow? version)
        => version is not null && etags.Any(etag => etag == "*" || etag == version.ETag);

    // HTTP's dates have whole seconds: compared with more, an object would be newer than its own Last-Modified.
    private static DateTimeOffset Modified(VersionRow version) => DateTimeOffset.FromUnixTimeSeconds(version.ModifiedMs / 1000);
}
