namespace Domicile.Cli.Demo;

/// <summary>Where a needle was found.</summary>
/// <param name="Needle">Its index in the list given.</param>
internal sealed record Found(int Needle, string File, long Offset);

/// <param name="Finds">The first place of each needle in each file.</param>
internal sealed record ScanResult(int Files, long Bytes, IReadOnlyList<Found> Finds);

/// <summary>Searches every byte of every file below a directory, whatever the files are.</summary>
internal static class MarkerScan
{
    private const int BufferBytes = 1024 * 1024;

    public static ScanResult Search(string directory, IReadOnlyList<byte[]> needles, CancellationToken cancellationToken)
    {
        var finds = new List<Found>();
        var (files, bytes) = (0, 0L);
        var everything = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };
        foreach (var path in Directory.EnumerateFiles(directory, "*", everything))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                bytes += SearchFile(path, needles, finds);
                files++;
            }
            catch (FileNotFoundException)
            {
                // Erased between the listing and the opening: there is nothing left to find in it.
            }
        }

        return new ScanResult(files, bytes, finds);
    }

    private static long SearchFile(string path, IReadOnlyList<byte[]> needles, List<Found> finds)
    {
        // A needle that lies across the end of a buffer is whole in the next: its last bytes are carried over.
        var overlap = needles.Count == 0 ? 0 : needles.Max(needle => needle.Length) - 1;
        var buffer = new byte[BufferBytes + overlap];
        var open = Enumerable.Range(0, needles.Count).ToHashSet();
        using var file = UnlockedFile.Open(path);
        var (carried, start) = (0, 0L);
        while (true)
        {
            var read = file.ReadAtLeast(buffer.AsSpan(carried, BufferBytes), BufferBytes, throwOnEndOfStream: false);
            if (read == 0)
            {
                return start + carried;
            }

            var window = buffer.AsSpan(0, carried + read);
            foreach (var index in open.ToList())
            {
                if (window.IndexOf(needles[index]) is >= 0 and var at)
                {
                    finds.Add(new Found(index, path, start + at));
                    open.Remove(index);
                }
            }

            var keep = Math.Min(overlap, window.Length);
            start += window.Length - keep;
            window[^keep..].CopyTo(buffer);
            carried = keep;
        }
    }
}
