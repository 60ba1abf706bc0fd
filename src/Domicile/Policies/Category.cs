using System.Text.RegularExpressions;

namespace Domicile.Policies;

/// <summary>
/// Kinds of data, set on a bucket by its tag <c>category</c>; a bucket named as a known one has it by default.
/// </summary>
internal static partial class Category
{
    /// <summary>What lies in buckets without a category. Only rules without <c>category</c> match it.</summary>
    public const string None = "";

    /// <summary>Others may be used too; these are the words that everybody understands alike.</summary>
    public static readonly IReadOnlyList<string> Known =
        ["photos", "contacts", "location", "backup", "messages", "telemetry"];

    /// <summary>A letter, then at most 62 more of a-z, 0-9 and '-'.</summary>
    public static bool IsValid(string text) => Form().IsMatch(text);

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,62}\z")]
    private static partial Regex Form();
}
