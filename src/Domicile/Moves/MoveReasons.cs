namespace Domicile.Moves;

/// <summary>
/// Reasons that the code itself looks at; all others are for people. A move that ends for one of them has failed: something
/// is damaged, or somebody has changed what isn't theirs, and both sides are kept for inspection.
/// </summary>
internal static class MoveReasons
{
    /// <summary>What arrived is not what was sent.</summary>
    public const string DigestsDiffer = "The set digests of source and target differ.";

    /// <summary>What is stored at the target is not what arrived.</summary>
    public const string RowsChanged =
        "The target's rows are not those that it stored: another program has written into its database.";

    /// <summary>At the end of a failed move's reason: nothing is kept at the target any more.</summary>
    public const string Cleared = " What the target kept has been cleared since.";

    private const string DamagedPrefix = "A content at the source is damaged. ";

    /// <param name="what">Names the content.</param>
    public static string Damaged(string what) => DamagedPrefix + what;

    public static bool IsDamaged(string? reason) => reason?.StartsWith(DamagedPrefix, StringComparison.Ordinal) == true;

    public static bool KeepsBoth(string? reason) => reason is DigestsDiffer or RowsChanged || IsDamaged(reason);
}
