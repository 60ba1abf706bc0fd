namespace Domicile.Storage;

/// <summary>Which of an account's files this process has open, by what the kernel says.</summary>
internal static class OpenDescriptors
{
    private const string Own = "/proc/self/fd";
    private const string Deleted = " (deleted)";

    /// <summary>
    /// Open files below an account's directory, deleted ones too; the account's database, which says what became of it, does
    /// not count as long as it is not deleted. Null where the system doesn't tell.
    /// </summary>
    public static long? CountBelow(string accountDirectory)
    {
        if (!Directory.Exists(Own))
        {
            return null;
        }

        var prefix = accountDirectory + "/";
        var database = prefix + AccountStore.DatabaseName;
        return Directory.EnumerateFileSystemEntries(Own).Select(TargetOf).LongCount(target =>
            target is not null && target.StartsWith(prefix, StringComparison.Ordinal)
            && (!target.StartsWith(database, StringComparison.Ordinal) || target.EndsWith(Deleted, StringComparison.Ordinal)));
    }

    private static string? TargetOf(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget;
        }
        catch (IOException)
        {
            return null; // Closed meanwhile, as that of this very look.
        }
    }
}
