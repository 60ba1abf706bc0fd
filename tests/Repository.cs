namespace Domicile;

/// <summary>The repository that the tests run in: each test project includes this file.</summary>
internal static class Repository
{
    /// <summary>The directory of Domicile.slnx.</summary>
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>For ./test to show at its end: what a search or the fault tests have covered.</summary>
    /// <param name="name">Of the file in artifacts/coverage, without its suffix.</param>
    public static void SayCovered(string name, string line)
    {
        var directory = Directory.CreateDirectory(Path.Combine(Root, "artifacts", "coverage"));
        using var file = new StreamWriter(Path.Combine(directory.FullName, name + ".txt"));
        file.WriteLine(line);
    }

    private static string Find(DirectoryInfo? directory)
        => directory is null ? throw new InvalidOperationException("Run the tests inside the repository.")
            : File.Exists(Path.Combine(directory.FullName, "Domicile.slnx")) ? directory.FullName
            : Find(directory.Parent);
}
