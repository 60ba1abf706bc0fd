namespace Domicile.Cli.Local;

/// <summary>Where the server's program lies: beside the CLI in the build's output, or where DOMICILE_SERVER says.</summary>
internal static class ServerProgram
{
    public const string FileName = "Domicile.Server.dll";

    public static string Find(Func<string, string?> environment)
    {
        if (environment("DOMICILE_SERVER") is { Length: > 0 } told)
        {
            return File.Exists(told) ? Path.GetFullPath(told)
                : throw new VerbFailedException($"DOMICILE_SERVER names {told}, which is not there", "point it at " + FileName);
        }

        // artifacts/bin/Domicile.Cli/release/ → artifacts/bin/Domicile.Server/release/; or all in one directory.
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string[] candidates =
        [
            Path.Combine(here.Parent?.Parent?.FullName ?? "", "Domicile.Server", here.Name, FileName),
            Path.Combine(here.FullName, FileName),
        ];
        // A test's output has a copy of the server without what starts it: the project's own output comes first.
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new VerbFailedException(
                $"{FileName} is neither at {candidates[0]} nor beside the CLI", "build the solution, or set DOMICILE_SERVER");
    }
}
