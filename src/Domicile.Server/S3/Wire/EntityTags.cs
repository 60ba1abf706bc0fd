using Domicile.Objects;
using Microsoft.Extensions.Primitives;

namespace Domicile.Server.S3.Wire;

/// <summary>ETags in conditions. S3 takes them with quotes and without, and compares weak ones as if they were strong.</summary>
internal static class EntityTags
{
    public const string Any = "*";

    /// <summary>Without quotes; null where there is no condition.</summary>
    public static IReadOnlyList<string>? Parse(StringValues header)
        => header.Count == 0
            ? null
            : [.. header.ToString()
                .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(Unquote)];

    public static string Unquote(string etag)
    {
        var strong = etag.StartsWith("W/", StringComparison.Ordinal) ? etag[2..] : etag;
        return strong.Length >= 2 && strong[0] == '"' && strong[^1] == '"' ? strong[1..^1] : strong;
    }

    public static string Quote(string etag) => $"\"{etag}\"";

    public static bool Matches(IReadOnlyList<string> condition, ObjectVersion version)
        => condition.Contains(Any) || condition.Contains(version.ETag);
}
