using System.Runtime.InteropServices;
using Domicile.Deployments;
using Microsoft.Win32.SafeHandles;

namespace Domicile.Storage;

/// <summary>Puts files in place so that a crash leaves the old file or the new one, never a mixture and never a hole.</summary>
internal static partial class DurableFile
{
    private const int Enospc = 28;
    private const int Edquot = 122;
    private const int Efbig = 27;
    private const int DiskFullOfPreallocation = unchecked((int)0x80070070);

    // A flush of all takes along what others have written, and a few flushes of one don't.
    private const int FlushedOneByOneMax = 16;

    private static readonly Version SyncFsTells = new(5, 8);

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Replaces <paramref name="path"/>. When it returns, bytes and name are on stable storage.</summary>
    /// <exception cref="StorageFullException">The disk is full; the old file is as it was.</exception>
    public static async Task ReplaceAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var draft = $"{path}.draft";
        try
        {
            using (var file = CreateOwnerOnly(draft))
            {
                await RandomAccess.WriteAsync(file, content, fileOffset: 0, cancellationToken);
                RandomAccess.FlushToDisk(file);
            }
        }
        catch (IOException fault) when (IsFull(fault))
        {
            throw Full(path, draft, fault);
        }

        Rename(draft, path);
    }

    /// <inheritdoc cref="ReplaceAsync"/>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var draft = $"{path}.draft";
        try
        {
            using var file = CreateOwnerOnly(draft);
            RandomAccess.Write(file, content, fileOffset: 0);
            RandomAccess.FlushToDisk(file);
        }
        catch (IOException fault) when (IsFull(fault))
        {
            throw Full(path, draft, fault);
        }

        Rename(draft, path);
    }

    private static StorageFullException Full(string path, string draft, IOException fault)
    {
        File.Delete(draft);
        return new StorageFullException($"Writing '{path}': the disk is full. Free some space and try again.", fault);
    }

    /// <summary>Gives a file, flushed before, its final name, and makes the name durable.</summary>
    public static void Rename(string draft, string path)
    {
        File.Move(draft, path, overwrite: true);
        FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes a directory and those above it down from <paramref name="root"/>, which exists. All names are durable.</summary>
    public static void CreateDirectory(string root, string directory)
    {
        Invariant.Check(directory.StartsWith(root, StringComparison.Ordinal));
        if (directory.Length == root.Length)
        {
            return;
        }

        var parent = Path.GetDirectoryName(directory)!;
        CreateDirectory(root, parent);
        SmallFile.CreateDirectory(directory);

        // Not only when it was made just now: the process may have died between making and flushing it.
        FlushDirectory(parent);
    }

    /// <summary>
    /// Flushes files and directories. Many of them together with all that their file system holds back, by one call; one by
    /// one where that call doesn't tell of errors. See syncfs(2): it does since Linux 5.8.
    /// </summary>
    /// <param name="within">A directory of the same file system.</param>
    /// <exception cref="IOException">The disk is broken.</exception>
    public static void Flush(string within, IReadOnlyList<string> paths)
    {
        if (paths.Count > FlushedOneByOneMax && OperatingSystem.IsLinux() && Environment.OSVersion.Version >= SyncFsTells)
        {
            Flush(within, SyncFileSystem);
            return;
        }

        foreach (var path in paths)
        {
            Flush(path, FSync);
        }
    }

    /// <summary>Names come and go durably only by an fsync of their directory.</summary>
    /// <exception cref="IOException">The directory is gone or the disk is broken.</exception>
    public static void FlushDirectory(string directory) => Flush(directory, FSync);

    // The base library can't: File.OpenHandle refuses a directory.
    private static void Flush(string path, Func<int, int> flush)
    {
        const int readOnly = 0;
        var descriptor = Open(path, readOnly);
        if (descriptor < 0)
        {
            throw new IOException($"Cannot open '{path}' to flush it (errno {Marshal.GetLastPInvokeError()}).");
        }

        var result = flush(descriptor);
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (result != 0)
        {
            throw new IOException($"Cannot flush '{path}' (errno {error}). Check the disk.", error);
        }
    }

    /// <summary>A new file that only the process's user can read; an old one of the name is emptied.</summary>
    public static SafeFileHandle CreateOwnerOnly(string path)
    {
        var handle = File.OpenHandle(
            path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(handle, OwnerOnly);
        }

        return handle;
    }

    /// <summary>
    /// Has the kernel begin to write these bytes to the disk, where it can be told so. Says nothing of when they are there,
    /// nor of errors: the flush does. See sync_file_range(2).
    /// </summary>
    public static void BeginWriteback(SafeFileHandle file, long offsetBytes, long lengthBytes)
    {
        const uint write = 2;
        if (OperatingSystem.IsLinux())
        {
            _ = SyncFileRange(file, offsetBytes, lengthBytes, write);
        }
    }

    /// <summary>Writes and reads of whole blocks, from and to aligned memory, go to the disk itself from here on; see open(2).</summary>
    /// <returns>False where the file system or the machine knows no such way: nothing has changed.</returns>
    public static bool TryBypassCache(SafeFileHandle file)
    {
        const int getFlags = 3;
        const int setFlags = 4;
        var direct = RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 ? 0x10000 : 0x4000;
        return OperatingSystem.IsLinux()
            && FileControl(file, getFlags, 0) is >= 0 and var flags
            && FileControl(file, setFlags, flags | direct) == 0;
    }

    /// <summary>
    /// Has the file system set aside room behind the file's end, which its next growth takes, whoever fills the disk meanwhile.
    /// The file's length stays. See fallocate(2).
    /// </summary>
    /// <returns>False where there is no such room; true also where the file system can't say.</returns>
    public static bool TryReserve(string path, long lengthBytes)
    {
        const int keepSize = 1;
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        return Allocate(file, keepSize, RandomAccess.GetLength(file), lengthBytes) == 0
            || Marshal.GetLastPInvokeError() is not (Enospc or Edquot);
    }

    /// <summary>No space, no quota, or the file's size limit. On Unix an IOException's HResult is the errno.</summary>
    public static bool IsFull(IOException fault)
        => fault is StorageFullException || fault.HResult is Enospc or Edquot or Efbig or DiskFullOfPreallocation;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFileSystem(int descriptor);

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int SyncFileRange(
        SafeFileHandle file, long offsetBytes, long lengthBytes, uint flags);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Allocate(SafeFileHandle file, int mode, long offsetBytes, long lengthBytes);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int FileControl(SafeFileHandle file, int command, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
