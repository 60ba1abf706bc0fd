using System.Globalization;

namespace Domicile.Deployments;

/// <summary>
/// Sees to it that a process's directory, and what of ours lies in it, is this user's and nobody else's: makes it where it is
/// missing, closes what others could read, and refuses what others could have put there. What lies below a closed directory
/// nobody else reaches, so accounts' own directories need no look.
/// </summary>
internal sealed class PrivateTree
{
    private const uint Root = 0;

    private static readonly string[] Folders = ["keys", "tls", "log", "ca", "accounts"];

    // By any of these a directory is known as ours; up, for one, makes some of them before the process stamps its directory.
    private static readonly string[] Marks =
        [.. Folders, DataDirectory.StampFileName, DataDirectory.LockFileName, Endpoints.FileName, "token", "up.lock", "up.json"];

    private readonly List<string> _warnings = [];

    /// <summary>What was open to others and is closed now; each a line for the operator.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <param name="path">The process's directory, below <paramref name="dataDirectory"/>.</param>
    /// <returns>Null: it is there and private. Else why it can't be used, in one line with the command that mends it.</returns>
    public string? Claim(string dataDirectory, string path)
    {
        try
        {
            SmallFile.CreateDirectory(Path.GetFullPath(path));
            return ClaimParent(dataDirectory) ?? ClaimDirectory(path, isKnown: false) ?? ClaimFiles(path)
                ?? ClaimFolders(path);
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            return $"can't create data directory '{path}': {broken.Message} Choose another with --data.";
        }
    }

    // It may be the system's, with a directory for each of several users in it; but nobody may put another in the place of ours.
    private string? ClaimParent(string path)
    {
        if (FileFacts.Behind(path) is not { } facts || FileFacts.Self == facts.Owner)
        {
            return Close(path, FileFacts.Behind(path), FileFacts.OthersWrite);
        }

        return facts.Owner != Root
            ? Foreign(path, facts)
            : facts.Mode.HasFlag(UnixFileMode.OtherWrite) && !facts.Mode.HasFlag(UnixFileMode.StickyBit)
            ? $"anybody may write into '{path}'; close it with: chmod o-w '{path}'"
            : null;
    }

    private string? ClaimDirectory(string path, bool isKnown)
    {
        // An operator may put a region on a disk of its own by a link beside the others; nobody else could have made that one.
        var isLink = !isKnown && FileFacts.At(path) is { Kind: FileKind.Link, Owner: var owner }
            && (owner == FileFacts.Self || owner == Root);
        if ((isLink ? FileFacts.Behind(path) : FileFacts.At(path)) is not { Kind: FileKind.Directory } facts)
        {
            return $"'{path}' is a link or no directory; put the directory itself there";
        }

        if (facts.Owner != FileFacts.Self)
        {
            return Foreign(path, facts);
        }

        if (!facts.IsOpen)
        {
            return null;
        }

        var isEmpty = !Directory.EnumerateFileSystemEntries(path).Any();
        return (facts.Mode & FileFacts.OthersWrite) != 0 && !isEmpty
            ? $"others may write into '{path}', so what lies there may be theirs; look through it, then: chmod -R go-rwx '{path}'"
            : !isKnown && !isEmpty && !Array.Exists(Marks, name => FileFacts.At(Path.Combine(path, name)) is not null)
            ? $"'{path}' is open to others and holds nothing of Domicile; choose another with --data, or, if it is to be "
                + $"Domicile's: chmod 700 '{path}'"
            : Close(path, facts, FileFacts.Others);
    }

    private string? ClaimFolders(string path)
        => Folders.Select(name => Path.Combine(path, name)).Where(folder => FileFacts.At(folder) is not null)
            .Select(folder => ClaimDirectory(folder, isKnown: true) ?? ClaimFiles(folder)).FirstOrDefault(no => no is not null);

    private string? ClaimFiles(string directory)
    {
        foreach (var file in Directory.EnumerateFileSystemEntries(directory))
        {
            if (FileFacts.At(file) is not { Kind: not FileKind.Directory } facts)
            {
                continue; // gone meanwhile, or a directory, which is looked at if it is one of ours
            }

            if (facts.Kind != FileKind.Regular)
            {
                return $"'{file}' is a link or no file; put the file itself there";
            }

            if (facts.Owner != FileFacts.Self)
            {
                return Foreign(file, facts);
            }

            if ((facts.Mode & FileFacts.OthersWrite) != 0)
            {
                return $"others may write '{file}', so what it holds may be theirs; look at it, then: chmod go-rwx '{file}'";
            }

            // Certificates and public keys are for everybody, as far as the directory lets them.
            if (facts.IsOpen && Path.GetExtension(file) is not (".pem" or ".pub"))
            {
                Close(file, facts, FileFacts.Others);
            }
        }

        return null;
    }

    private string? Close(string path, FileFacts? found, UnixFileMode bits)
    {
        if (!OperatingSystem.IsWindows() && found is { } facts && (facts.Mode & bits) != 0)
        {
            File.SetUnixFileMode(path, facts.Mode & ~bits);
            _warnings.Add($"'{path}' was open to other users (mode {Octal(facts.Mode)}); it is closed now ({Octal(facts.Mode & ~bits)})");
        }

        return null;
    }

    private static string Foreign(string path, FileFacts facts)
        => string.Create(
            CultureInfo.InvariantCulture,
            $"'{path}' belongs to user {facts.Owner}, and this process runs as user {FileFacts.Self}; run it as that user, or look "
                + $"through what lies there, then: chown -R {FileFacts.Self} '{path}'");

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
