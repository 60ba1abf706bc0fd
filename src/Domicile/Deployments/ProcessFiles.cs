using System.Runtime.InteropServices;

namespace Domicile.Deployments;

/// <summary>How many files, sockets included, this process may have open at a time: RLIMIT_NOFILE of getrlimit(2).</summary>
internal static partial class ProcessFiles
{
    /// <summary>Fewer are too few for clients and accounts at the same time, and worth a word.</summary>
    public const long Few = 4096;

    /// <summary>As it was when first asked for. The runtime has raised it to what the system lets it have.</summary>
    public static long Max { get; } = Read();

    /// <summary>
    /// Of these, what is there to be shared among connections and accounts. The runtime keeps each assembly open, twice, and ends
    /// the process where it can't open the next one.
    /// </summary>
    public static long Shared => Math.Max(Max - OfTheRuntime, Max / 4);

    // Counted on a region that has served and moved: 128.
    private const long OfTheRuntime = 160;

    private static long Read()
    {
        var resource = OperatingSystem.IsLinux() ? 7 : 8; // RLIMIT_NOFILE: in Linux; in macOS and the BSDs
        return !OperatingSystem.IsWindows() && GetLimit(resource, out var limit) == 0
            ? (long)Math.Min(limit.Present, (ulong)long.MaxValue) : long.MaxValue;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct ResourceLimit
    {
        public readonly nuint Present;
        public readonly nuint Highest;
    }
}
