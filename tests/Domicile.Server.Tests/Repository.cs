namespace Domicile.Server.Tests;

internal static class Repository
{
    /// <summary>The directory of Domicile.slnx.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string directory)
        => File.Exists(Path.Combine(directory, "Domicile.slnx")) ? directory
            : Find(Path.GetDirectoryName(directory.TrimEnd('/'))!);
}
