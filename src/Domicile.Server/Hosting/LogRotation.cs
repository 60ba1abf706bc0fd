using System.Globalization;

namespace Domicile.Server.Hosting;

/// <summary>
/// Keeps the file that standard error is appended to small. The file is copied and emptied, and not renamed: the runtime
/// itself writes there too, through a descriptor that the process was started with and can't be given another file.
/// </summary>
internal sealed class LogRotation(string file, long bytesMax = LogLimits.FileBytesMax)
{
    /// <summary>Moves what is in the file away if it is too long.</summary>
    /// <exception cref="IOException">The disk is full or gone; nothing of the log is lost.</exception>
    public void Rotate()
    {
        if (!File.Exists(file) || new FileInfo(file).Length <= bytesMax)
        {
            return;
        }

        for (var number = LogLimits.FormerFilesMax; number > 1; number--)
        {
            if (File.Exists(Former(number - 1)))
            {
                File.Move(Former(number - 1), Former(number), overwrite: true);
            }
        }

        using var log = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        using (var former = new FileStream(Former(1), FormerFile()))
        {
            log.CopyTo(former);
        }

        log.SetLength(0);
    }

    private string Former(int number) => string.Create(CultureInfo.InvariantCulture, $"{file}.{number}");

    private FileStreamOptions FormerFile()
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = File.GetUnixFileMode(file);
        }

        return options;
    }
}
