namespace Domicile.Deployments;

/// <summary>
/// What a process draws or makes when it first starts, and never again: a file of these that is missing later is lost, and is not
/// made anew in silence. Whether the first start is over, a mark says that stands apart from those files; and, where a release
/// before the mark was at work, the data.
/// </summary>
internal static class FirstStart
{
    private const string MarkName = "started";

    /// <returns>One line, with the next step: why the process must not start. Null if it may.</returns>
    public static string? TroubleOf(string dataDirectory, ProcessRole role)
    {
        var directory = DataDirectory.PathOf(dataDirectory, role);
        if (!IsOver(directory, role))
        {
            return null;
        }

        var missing = FilesOf(role).Where(file => !File.Exists(Path.Combine(directory, file.Name))).ToList();
        return missing.Count == 0 ? null
            : $"data directory '{directory}' has been in use, but {string.Join(" and ", missing.Select(file => file.Name))} "
                + $"{(missing.Count == 1 ? "is" : "are")} missing: {string.Join("; ", missing.Select(file => file.Loss))}. "
                + "Nothing was changed. Put what is missing back from a backup, then start again. To give up what lies there and "
                + $"begin anew, move '{directory}' away.";
    }

    /// <summary>All of them are there. Again: nothing changes.</summary>
    public static void End(string dataDirectory, ProcessRole role)
    {
        var mark = Path.Combine(DataDirectory.PathOf(dataDirectory, role), MarkName);
        if (!File.Exists(mark))
        {
            SmallFile.Replace(mark, "", SmallFile.Secret);
        }
    }

    /// <summary>Whether a process of this role has been at work in the directory.</summary>
    public static bool IsOver(string directory, ProcessRole role)
        => File.Exists(Path.Combine(directory, MarkName))
            || (role is ProcessRole.Control
                ? File.Exists(Path.Combine(directory, "control.db"))
                : Directory.Exists(Path.Combine(directory, "accounts"))
                    && Directory.EnumerateDirectories(Path.Combine(directory, "accounts")).Any());

    private static IReadOnlyList<(string Name, string Loss)> FilesOf(ProcessRole role)
        => role is ProcessRole.Control
            ?
            [
                ("control.db", "without it no account is known, and the ledger would begin anew"),
                ("keys/signing.key", "receipts and the ledger are signed with it, and regions obey no other"),
                ("ca/ca.pem", "regions take no other authority for control"),
                ("ca/ca.key", "regions take no other authority for control"),
            ]
            :
            [
                ("keys/custodian.key", "without it no account here can be read, by anyone"),
                ("keys/signing.key", "control believes no other signature of this region"),
            ];
}
