namespace Domicile.Cli.Local;

/// <summary>Small files of which a reader must see the old text or the new one, and never half of it.</summary>
internal static class StateFile
{
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var next = path + ".new";
        using (var file = new FileStream(next, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }

    /// <summary>Writes a file that is not there yet; false: it is there.</summary>
    public static bool Create(string path, string content)
    {
        if (File.Exists(path))
        {
            return false;
        }

        Replace(path, System.Text.Encoding.UTF8.GetBytes(content));
        return true;
    }
}
