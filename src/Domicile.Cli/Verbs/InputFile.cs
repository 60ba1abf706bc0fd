using Domicile.Cli.Formats;

namespace Domicile.Cli.Verbs;

/// <summary>Reads a file that a person named, whole and bounded: a pipe or a device has no length that could be asked for.</summary>
internal static class InputFile
{
    private const int ChunkBytes = 64 * 1024;

    public static byte[] Read(string path, int bytesMax)
    {
        if (Directory.Exists(path))
        {
            throw new VerbFailedException($"{path} is a directory", "name the file in it");
        }

        if (!File.Exists(path))
        {
            throw new VerbFailedException($"There is no file {path}", "check the name");
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        using var content = new MemoryStream();
        var chunk = new byte[ChunkBytes];
        for (int length; (length = file.Read(chunk)) > 0;)
        {
            if (content.Length + length > bytesMax)
            {
                throw new VerbFailedException($"{path} is larger than {Sizes.Format(bytesMax)}", "give the right file");
            }

            content.Write(chunk, 0, length);
        }

        return content.ToArray();
    }

    /// <summary>UTF-8; null for a null path.</summary>
    public static string? ReadText(string? path, int bytesMax)
        => path is null ? null : System.Text.Encoding.UTF8.GetString(Read(path, bytesMax));
}
