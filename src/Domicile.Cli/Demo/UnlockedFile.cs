using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Domicile.Cli.Demo;

/// <summary>
/// Opens a file for reading whoever holds a lock on it. .NET takes a shared flock(2) at every open, which fails on the
/// files that a running region keeps for itself; locks of that kind bind only who asks.
/// </summary>
internal static partial class UnlockedFile
{
    private const int ReadOnly = 0;

    private static int CloseOnExec => OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    /// <exception cref="FileNotFoundException">It is gone.</exception>
    public static FileStream Open(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }

        var file = OpenFile(path, ReadOnly | CloseOnExec);
        if (file >= 0)
        {
            return new FileStream(new SafeFileHandle(file, ownsHandle: true), FileAccess.Read, bufferSize: 0);
        }

        const int noEntry = 2;
        var error = Marshal.GetLastPInvokeError();
        throw error == noEntry
            ? new FileNotFoundException($"{path} is gone", path)
            : new IOException($"Searching {path} failed: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);
}
