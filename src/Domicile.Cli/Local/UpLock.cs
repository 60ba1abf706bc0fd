namespace Domicile.Cli.Local;

/// <summary>Who supervises a data directory: one process at a time, and nobody once that process has died.</summary>
internal sealed class UpLock : IDisposable
{
    private readonly FileStream _file;

    private UpLock(FileStream file) => _file = file;

    /// <summary>Null: another process has it.</summary>
    public static UpLock? TryTake(string directory)
    {
        try
        {
            // An exclusive flock(2) on Unix, which the kernel releases with the process.
            return new UpLock(new FileStream(
                Path.Combine(directory, "control", "up.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
