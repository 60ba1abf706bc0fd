using System.Security.Cryptography;

namespace Domicile.Storage;

/// <summary>Measures how fast contents can be made durable, by writing for a moment to a file that has no name any more.</summary>
internal static class DiskProbe
{
    private const int PieceBytes = 4 << 20;

    /// <summary>
    /// Writes up to <paramref name="bytesMax"/>, for about <paramref name="timeMax"/> at most, and waits until they are on
    /// the disk. No byte of it remains, not even of a process that is killed meanwhile.
    /// </summary>
    /// <returns>Bytes per second; 0 where it can't be written to.</returns>
    public static async Task<double> WriteRateAsync(
        string directory, long bytesMax, TimeSpan timeMax, TimeProvider time, CancellationToken cancellationToken)
    {
        // Not zeros: some file systems don't store those.
        var piece = RandomNumberGenerator.GetBytes(PieceBytes);
        var path = Path.Combine(directory, $"probe-{Guid.CreateVersion7(time.GetUtcNow()):n}.draft");
        try
        {
            using var file = DurableFile.CreateOwnerOnly(path);
            File.Delete(path);
            var begun = time.GetTimestamp();
            var written = 0L;
            while (written < bytesMax && time.GetElapsedTime(begun) < timeMax)
            {
                await RandomAccess.WriteAsync(file, piece, written, cancellationToken);
                written += piece.Length;
                RandomAccess.FlushToDisk(file);
            }

            return written / time.GetElapsedTime(begun).TotalSeconds;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
