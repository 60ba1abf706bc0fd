using Domicile.Objects;

namespace Domicile.Server.S3.Wire;

/// <summary>Conditions on writes (Amazon S3 User Guide, "Conditional writes").</summary>
internal static class WriteGuards
{
    /// <summary>If-Match with an ETag or *, If-None-Match with * only, and not both.</summary>
    public static Outcome<WriteConditions> Read(IHeaderDictionary headers)
    {
        var conditions = RequestHeaders.Conditions(headers);
        return conditions.IfNoneMatch is { } none && none is not [EntityTags.Any]
            ? S3Error.Of("NotImplemented").WithDetail("Header", "If-None-Match")
            : conditions is { IfMatch: not null, IfNoneMatch: not null }
                ? S3Error.Of("NotImplemented").WithDetail("Header", "If-Match, If-None-Match")
                : conditions;
    }
}
