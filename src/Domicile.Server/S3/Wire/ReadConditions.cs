using Domicile.Objects;

namespace Domicile.Server.S3.Wire;

/// <summary>What the conditions of a request say of an object.</summary>
internal enum ConditionVerdict
{
    Holds,
    NotModified,
    Failed,
}

/// <summary>
/// Conditions on what is read, in the order of RFC 9110 13.2.2, which is S3's: a matching If-Match overrides
/// If-Unmodified-Since, and a given If-None-Match overrides If-Modified-Since.
/// </summary>
internal sealed record ReadConditions(
    IReadOnlyList<string>? IfMatch, IReadOnlyList<string>? IfNoneMatch, DateTimeOffset? IfModifiedSince,
    DateTimeOffset? IfUnmodifiedSince)
{
    private const string SourcePrefix = "x-amz-copy-source-";

    public static ReadConditions Of(IHeaderDictionary headers) => Of(headers, "");

    /// <summary>The conditions on a copy's source.</summary>
    public static ReadConditions OfSource(IHeaderDictionary headers) => Of(headers, SourcePrefix);

    /// <summary>The same conditions as a command carries them.</summary>
    public WriteConditions ToWrite()
        => new(IfMatch, IfNoneMatch) { IfModifiedSince = IfModifiedSince, IfUnmodifiedSince = IfUnmodifiedSince };

    /// <param name="failedCondition">The header that failed; empty while none did.</param>
    public ConditionVerdict Judge(ObjectVersion version, out string failedCondition)
    {
        failedCondition = "";
        var modifiedAt = S3Time.WholeSeconds(version.ModifiedAt);
        if (IfMatch is not null ? !EntityTags.Matches(IfMatch, version) : IfUnmodifiedSince < modifiedAt)
        {
            failedCondition = IfMatch is not null ? "If-Match" : "If-Unmodified-Since";
            return ConditionVerdict.Failed;
        }

        return (IfNoneMatch is not null ? EntityTags.Matches(IfNoneMatch, version) : IfModifiedSince >= modifiedAt)
            ? ConditionVerdict.NotModified
            : ConditionVerdict.Holds;
    }

    private static ReadConditions Of(IHeaderDictionary headers, string prefix)
        => new(
            EntityTags.Parse(headers[prefix + "if-match"]),
            EntityTags.Parse(headers[prefix + "if-none-match"]),
            S3Time.FromHttp(headers[prefix + "if-modified-since"]),
            S3Time.FromHttp(headers[prefix + "if-unmodified-since"]));
}
