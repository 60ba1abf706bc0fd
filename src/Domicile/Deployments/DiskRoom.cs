using System.Runtime.InteropServices;

namespace Domicile.Deployments;

/// <summary>What a file system says of its room. It may promise more than it has: what fails for want of room decides.</summary>
/// <param name="FreeBytes">The most there is, where the file system doesn't say how large it is.</param>
/// <param name="FreeFiles">Files (inodes) that can still be made; null where the file system has no such bound, or doesn't say.</param>
internal readonly partial record struct DiskRoom(long FreeBytes, long TotalBytes, long? FreeFiles)
{
    /// <exception cref="IOException">The directory can't be looked at.</exception>
    public static DiskRoom Of(string directory)
    {
        // The layout below is that of 64-bit Linux.
        if (OperatingSystem.IsLinux() && Environment.Is64BitProcess)
        {
            if (StatVfs(directory, out var said) != 0)
            {
                throw new IOException($"Can't ask how much room '{directory}' has (errno {Marshal.GetLastPInvokeError()}).");
            }

            return Said(said.FragmentBytes, said.Blocks, said.AvailableBlocks, said.Files, said.AvailableFiles);
        }

        var disk = new DriveInfo(directory);
        return new DiskRoom(disk.AvailableFreeSpace, disk.TotalSize, FreeFiles: null);
    }

    /// <summary>
    /// What a file system's answer means, whatever it says: no more is free than there is, and one without a size says nothing.
    /// </summary>
    public static DiskRoom Said(ulong eachBytes, ulong blocks, ulong availableBlocks, ulong files, ulong availableFiles)
    {
        var total = Bytes(blocks, eachBytes);
        return new DiskRoom(
            total == 0 ? long.MaxValue : Math.Min(total, Bytes(availableBlocks, eachBytes)), total,
            files == 0 ? null : (long)Math.Min(Math.Min(files, availableFiles), long.MaxValue));
    }

    private static long Bytes(ulong blocks, ulong each)
        => (long)UInt128.Min(long.MaxValue, (UInt128)blocks * each);

    [LibraryImport("libc", EntryPoint = "statvfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatVfs(string path, out Answer answer);

    // struct statvfs: eleven 64-bit words, of which the last two are flags and the longest name, and some to spare.
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    private struct Answer
    {
        public ulong BlockBytes;
        public ulong FragmentBytes;
        public ulong Blocks;
        public ulong FreeBlocks;
        public ulong AvailableBlocks;
        public ulong Files;
        public ulong FreeFiles;
        public ulong AvailableFiles;
    }
}
