namespace Domicile.Cli.Verbs;

/// <summary>Reads a file that a person named, whole and bounded.</summary>
internal static class InputFile
{
    public static byte[] Read(string path, long bytesMax)
    {
        if (!File.Exists(path))
        {
            throw new VerbFailedException($"There is no file {path}", "check the name");
        }

        return new FileInfo(path).Length <= bytesMax
            ? File.ReadAllBytes(path)
            : throw new VerbFailedException($"{path} is larger than {Formats.Sizes.Format(bytesMax)}", "give the right file");
    }

    /// <summary>UTF-8; null for a null path.</summary>
    public static string? ReadText(string? path, long bytesMax)
        => path is null ? null : System.Text.Encoding.UTF8.GetString(Read(path, bytesMax));
}
