using System.Text.RegularExpressions;

namespace Domicile.Objects;

/// <summary>Kinds of data, which policy speaks of. A bucket has one.</summary>
internal static partial class Categories
{
    /// <summary>The bucket tag that names the category.</summary>
    public const string Tag = "category";

    /// <summary>Of a bucket that neither its tag nor its name gives a category.</summary>
    public const string Other = "other";

    private static readonly HashSet<string> Known = ["photos", "contacts", "location", "backup", "messages", "telemetry"];

    /// <summary>
    /// The tag's word if it is one, else the bucket's name if it is a known category, else <see cref="Other"/>. A tag's free
    /// text never becomes a category: categories leave the region, to control.
    /// </summary>
    public static string Of(Bucket bucket)
        => bucket.Tags.TryGetValue(Tag, out var tag) && Word().IsMatch(tag) ? tag
            : Known.Contains(bucket.Name) ? bucket.Name
            : Other;

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,39}\z")]
    private static partial Regex Word();
}
