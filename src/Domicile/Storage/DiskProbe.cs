using System.Security.Cryptography;
using Domicile.Deployments;
using Microsoft.Win32.SafeHandles;

namespace Domicile.Storage;

/// <summary>
/// Measures how fast contents can be made durable: as a copy does it, by writing and flushing several files side by side, for
/// a moment. They have no names any more, so that no byte of them remains, not even of a process that is killed meanwhile.
/// </summary>
internal static class DiskProbe
{
    private const int FilesAtOnce = 4;
    private const int PieceBytes = 4 << 20;
    private const int RoundsMax = 4;
    private const int SmallBytes = 64 << 10;

    // What others may want to write meanwhile must not meet a full disk.
    private const long RoomMin = 16L * RoundsMax * FilesAtOnce * PieceBytes;

    /// <summary>
    /// Whether a disk on which something has failed has no room: it says so, or a small file can't be made there and filled. A
    /// file system may promise room that it doesn't have, by quotas or over-commitment.
    /// </summary>
    public static bool IsFull(string directory)
    {
        try
        {
            directory = Existing(directory);
            if (DiskRoom.Of(directory) is { FreeBytes: < StorageLimits.FullBytes } or { FreeFiles: 0 })
            {
                return true;
            }

            using var file = CreateUnnamed(directory, TimeProvider.System);
            RandomAccess.Write(file, new byte[SmallBytes], 0);
            RandomAccess.FlushToDisk(file);
            return false;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return fault is IOException full && DurableFile.IsFull(full);
        }
    }

    /// <summary>In words, with the next step.</summary>
    public static string WhyFull(string directory)
    {
        try
        {
            return DiskRoom.Of(Existing(directory)) is { FreeFiles: <= StorageLimits.FilesForDeletions }
                ? "the disk has no room for further files (inodes): delete files that others left there, or enlarge it"
                : "the disk is full: free some space";
        }
        catch (IOException)
        {
            return "the disk is full, and doesn't answer any more: check it";
        }
    }

    /// <summary>What else the disk has to do just now is not its speed: of a few rounds the fastest counts.</summary>
    /// <param name="timeMax">After so long no further round is begun.</param>
    /// <returns>Bytes per second; 0 where it can't be written to, or hardly.</returns>
    public static async Task<double> WriteRateAsync(
        string directory, TimeSpan timeMax, TimeProvider time, CancellationToken cancellationToken)
    {
        // Not zeros: some file systems don't store those.
        var piece = RandomNumberGenerator.GetBytes(PieceBytes);
        var files = new List<SafeFileHandle>(FilesAtOnce);
        try
        {
            if (DiskRoom.Of(directory).FreeBytes < RoomMin)
            {
                return 0;
            }

            files.AddRange(Enumerable.Range(0, FilesAtOnce).Select(_ => CreateUnnamed(directory, time)));
            var fastest = TimeSpan.MaxValue;
            var begun = time.GetTimestamp();
            for (var round = 0; round < RoundsMax && time.GetElapsedTime(begun) < timeMax; round++)
            {
                var roundBegun = time.GetTimestamp();
                var offset = (long)round * PieceBytes;
                await Task.WhenAll(files.Select(file => Task.Run(() => WriteAsync(file, piece, offset), cancellationToken)));
                var took = time.GetElapsedTime(roundBegun);
                fastest = took < fastest ? took : fastest;
            }

            return FilesAtOnce * PieceBytes / fastest.TotalSeconds;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
        finally
        {
            files.ForEach(file => file.Dispose());
        }
    }

    // What failed may have been the making of the directory.
    private static string Existing(string directory)
    {
        while (!Directory.Exists(directory) && Path.GetDirectoryName(directory) is { Length: > 0 } parent)
        {
            directory = parent;
        }

        return directory;
    }

    private static async Task WriteAsync(SafeFileHandle file, byte[] piece, long offset)
    {
        await RandomAccess.WriteAsync(file, piece, offset, CancellationToken.None);
        RandomAccess.FlushToDisk(file);
    }

    private static SafeFileHandle CreateUnnamed(string directory, TimeProvider time)
    {
        var path = Path.Combine(directory, $"probe-{Guid.CreateVersion7(time.GetUtcNow()):n}.draft");
        var file = DurableFile.CreateOwnerOnly(path);
        File.Delete(path);
        return file;
    }
}
