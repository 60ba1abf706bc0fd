namespace Domicile.Cli.Local;

/// <summary>Directories that only their owner may look into: keys, tokens and people's data lie there.</summary>
internal static class PrivateDirectory
{
    /// <summary>Does nothing where it is there already; what was made by someone else keeps its mode.</summary>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else if (!Directory.Exists(path))
        {
            // Parents too: .NET gives the mode to the last one only.
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { Length: > 0 } parent)
            {
                Create(parent);
            }

            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
