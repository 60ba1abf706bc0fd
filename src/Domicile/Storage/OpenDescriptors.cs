using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Domicile.Storage;

/// <summary>Which of an account's files this process has open, by what the kernel says.</summary>
internal static partial class OpenDescriptors
{
    private const int PathBytesMax = 4096;
    private const string Status = "/proc/self/status";
    private const string TableSize = "FDSize:";

    private static ReadOnlySpan<byte> Deleted => " (deleted)"u8;

    /// <summary>
    /// Open files below an account's directory, deleted ones too; the account's database, which says what became of it, does
    /// not count as long as it is not deleted. Null where the system doesn't tell.
    /// </summary>
    // By number, up to the size of the table: to list the directory of descriptors costs four times as much, and a region with
    // clients has thousands of them.
    public static long? CountBelow(string accountDirectory)
    {
        if (FindTableSize() is not { } size)
        {
            return null;
        }

        var prefix = Encoding.UTF8.GetBytes(accountDirectory + "/");
        var database = Encoding.UTF8.GetBytes(accountDirectory + "/" + AccountStore.DatabaseName);
        Span<byte> target = stackalloc byte[PathBytesMax];
        var count = 0L;
        for (var descriptor = 0; descriptor < size; descriptor++)
        {
            var link = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}");
            var length = ReadLink(link, target, PathBytesMax);
            var path = target[..(int)Math.Max(length, 0)]; // below 0: nothing is open under this number
            var isOf = path.StartsWith(prefix) && (!path.StartsWith(database) || path.EndsWith(Deleted));
            count += isOf ? 1 : 0;
        }

        return count;
    }

    /// <returns>How many numbers the table of descriptors has place for (proc(5)).</returns>
    private static int? FindTableSize()
    {
        if (!File.Exists(Status))
        {
            return null;
        }

        var line = File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(TableSize, StringComparison.Ordinal));
        return int.TryParse(line.AsSpan(line is null ? 0 : TableSize.Length), CultureInfo.InvariantCulture, out var size)
            ? size : null;
    }

    [LibraryImport("libc", EntryPoint = "readlink", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ReadLink(string path, Span<byte> target, nint targetBytes);
}
