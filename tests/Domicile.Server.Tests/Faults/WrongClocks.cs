using System.Buffers.Binary;

namespace Domicile.Server.Tests.Faults;

/// <summary>Sets the time of day of any process that was started with its environment: wrong-clock.c.</summary>
internal sealed class WrongClocks : IDisposable
{
    private const string LibraryName = "wrong-clock.so";

    private readonly string _directory = Directory.CreateTempSubdirectory("domicile-clocks-").FullName;

    private WrongClocks(IEnumerable<string> processes)
    {
        foreach (var process in processes)
        {
            Set(process, TimeSpan.Zero);
        }
    }

    public IReadOnlyDictionary<string, string> Environment
        => new Dictionary<string, string> { ["LD_PRELOAD"] = Path.Combine(_directory, LibraryName), ["WRONG_CLOCKS"] = _directory };

    /// <param name="processes">Of the deployment: <c>control</c> and regions.</param>
    /// <returns>Null where there is no gcc.</returns>
    public static async Task<WrongClocks?> MakeAsync(IEnumerable<string> processes)
    {
        var clocks = new WrongClocks(processes);
        if (await Preloaded.TryMakeAsync("wrong-clock.c", Path.Combine(clocks._directory, LibraryName)))
        {
            return clocks;
        }

        clocks.Dispose();
        return null;
    }

    /// <summary>From now on.</summary>
    public void Set(string process, TimeSpan off)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, (long)off.TotalSeconds);
        using var file = new FileStream(Path.Combine(_directory, process), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        file.Write(bytes);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
