using Domicile.Cli.Formats;

namespace Domicile.Cli.Demo;

/// <summary>A file for the accounts, and the bucket that its kind goes into.</summary>
internal sealed record SampleFile(string Path, string Bucket, long Bytes);

/// <summary>Which files the accounts get.</summary>
/// <param name="Notes">What was left out, for the story.</param>
internal sealed record SampleFiles(string Directory, IReadOnlyList<SampleFile> Files, IReadOnlyList<string> Notes)
{
    public const int FilesMax = 400;
    public const long BytesMax = 64 * 1024 * 1024;
    public const long FileBytesMax = 16 * 1024 * 1024;

    // Directories are looked into this deep at most; a link that leads in a circle ends here too.
    private const int DepthMax = 12;

    public static readonly IReadOnlyList<string> Buckets = ["photos", "contacts", "location", "backup", "files"];

    /// <summary>Of the directory, or of the project's samples where it is null.</summary>
    public static SampleFiles Find(string? directory)
    {
        var root = directory is null ? Own() : Path.GetFullPath(directory);
        if (!System.IO.Directory.Exists(root))
        {
            throw new VerbFailedException($"There is no directory {directory ?? "samples"}", "name a directory with some files");
        }

        var files = new List<SampleFile>();
        var (bytes, large, more) = (0L, 0, 0);
        foreach (var path in Enumerate(root))
        {
            var length = new FileInfo(path).Length;
            if (length > FileBytesMax)
            {
                large++;
            }
            else if (files.Count == FilesMax || bytes + length > BytesMax)
            {
                more++;
            }
            else
            {
                files.Add(new SampleFile(path, BucketOf(path), length));
                bytes += length;
            }
        }

        return files.Count > 0
            ? new SampleFiles(root, files, NotesOf(large, more))
            : throw new VerbFailedException($"{root} has no files that can be read", "name a directory with some files");
    }

    /// <summary>The bucket for a file by its name's extension; buckets are named as categories.</summary>
    public static string BucketOf(string path)
        => Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".jpg" or ".jpeg" or ".png" or ".heic" or ".gif" or ".webp" or ".tif" or ".tiff" or ".dng" or ".mov" or ".mp4"
                => "photos",
            ".vcf" => "contacts",
            ".gpx" or ".kml" or ".kmz" or ".geojson" or ".fit" or ".tcx" => "location",
            ".zip" or ".tar" or ".gz" or ".tgz" or ".xz" or ".7z" or ".bak" or ".db" or ".sqlite" => "backup",
            _ => "files",
        };

    private static IEnumerable<string> Enumerate(string root)
        => System.IO.Directory.EnumerateFiles(root, "*", new EnumerationOptions
        {
            RecurseSubdirectories = true,
            IgnoreInaccessible = true,
            MaxRecursionDepth = DepthMax,
            AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint | FileAttributes.Device,
        }).Order(StringComparer.Ordinal);

    private static List<string> NotesOf(int large, int more)
    {
        var notes = new List<string>();
        if (large > 0)
        {
            notes.Add($"{large} files are larger than {Sizes.Format(FileBytesMax)}: left out");
        }

        if (more > 0)
        {
            notes.Add($"{more} files are beyond the demo's {FilesMax} files and {Sizes.Format(BytesMax)}: left out");
        }

        return notes;
    }

    // The repository's samples, from the build's output upwards.
    private static string Own()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var samples = Path.Combine(at.FullName, "samples");
            if (System.IO.Directory.Exists(samples) && File.Exists(Path.Combine(at.FullName, "global.json")))
            {
                return samples;
            }
        }

        return Path.GetFullPath("samples");
    }
}
