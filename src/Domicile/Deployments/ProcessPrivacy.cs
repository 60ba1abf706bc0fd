using System.Runtime.InteropServices;

namespace Domicile.Deployments;

/// <summary>What a process of ours gives up before it does anything else. Processes that it starts inherit it.</summary>
internal static partial class ProcessPrivacy
{
    /// <summary>
    /// Of the runtime's own dumps of a crash, which no limit of the system stops: a process that is started with 0 writes none.
    /// https://learn.microsoft.com/dotnet/core/diagnostics/collect-dumps-crash
    /// </summary>
    public const string RuntimeDumps = "DOTNET_DbgEnableMiniDump";

    /// <summary>Nothing that it makes is open to other users, and its memory, with keys in it, is never written to a file.</summary>
    public static void Begin()
    {
        const uint groupAndOthers = 0x3F; // 077
        const int coreFile = 4; // RLIMIT_CORE, in Linux, macOS and the BSDs
        if (!OperatingSystem.IsWindows())
        {
            _ = SetMask(groupAndOthers);
            _ = SetLimit(coreFile, default);
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetMask(uint mask);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct ResourceLimit
    {
        public readonly nuint Present;
        public readonly nuint Highest;
    }
}
