namespace Domicile.Server.Tests.Faults;

/// <summary>
/// Makes reads, writes and flushes below a directory I/O errors, of any process that was started with its environment:
/// failing-disk.c, which stands between such a process and the kernel, SQLite's calls included. Making it takes gcc.
/// </summary>
internal sealed class FailingDisk : IDisposable
{
    private readonly string _directory;

    private FailingDisk(string directory) => _directory = directory;

    public IReadOnlyDictionary<string, string> Environment
        => new Dictionary<string, string> { ["LD_PRELOAD"] = Library, ["FAILING_DISK"] = Order };

    private string Library => Path.Combine(_directory, "failing-disk.so");

    private string Met => Order + ".met";

    private string Order => Path.Combine(_directory, "order");

    /// <returns>Null where there is no gcc.</returns>
    public static async Task<FailingDisk?> MakeAsync()
    {
        var disk = new FailingDisk(Directory.CreateTempSubdirectory("domicile-disk-").FullName);
        if (await Preloaded.TryMakeAsync("failing-disk.c", disk.Library))
        {
            return disk;
        }

        disk.Dispose();
        return null;
    }

    /// <summary>From now on, and whatever is under way.</summary>
    /// <param name="flushesOnly">What is written stands in its file, and the process is told that it may be lost.</param>
    public async Task FailAsync(string directory, bool flushesOnly)
    {
        // Whole at once: it is read at any moment.
        await File.WriteAllTextAsync(Order + ".new", (flushesOnly ? "f" : "a") + directory);
        File.Move(Order + ".new", Order);
    }

    /// <exception cref="InvalidOperationException">No database has met it.</exception>
    public void Heal()
    {
        File.Delete(Order);
        if (!File.Exists(Met) || !File.ReadLines(Met).Any(path => path.EndsWith(".db-wal", StringComparison.Ordinal)))
        {
            throw new InvalidOperationException("The disk failed, and no commit met it.");
        }

        File.Delete(Met);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
