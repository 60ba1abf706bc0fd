using Microsoft.Win32.SafeHandles;

namespace Domicile.Storage;

/// <summary>
/// The file system as contents need it. What is written is durable after <see cref="IContentFile.Flush"/>, a name that came
/// or went after <see cref="FlushDirectory"/>, and not before; a simulation loses what was not flushed.
/// </summary>
internal interface IContentDisk
{
    /// <summary>Makes a directory and those above it down from <paramref name="root"/>, which exists. All names are durable.</summary>
    void CreateDirectory(string root, string directory);

    /// <summary>A new file that only the process's user can read; an old one of the name is emptied.</summary>
    /// <param name="lengthBytes">
    /// Of a file that is written from its beginning to its end and not read before it is flushed, nor soon after; 0 of others.
    /// </param>
    IContentFile Create(string path, long lengthBytes = 0);

    /// <exception cref="FileNotFoundException">There is none; or <see cref="DirectoryNotFoundException"/>.</exception>
    IContentFile Open(string path);

    /// <summary>The whole file, from its beginning.</summary>
    /// <exception cref="FileNotFoundException">There is none; or <see cref="DirectoryNotFoundException"/>.</exception>
    Stream OpenStream(string path);

    /// <summary>Null where there is no such file.</summary>
    long? FindLengthBytes(string path);

    /// <summary>Gives a file, flushed before, another name. The name is durable when it returns.</summary>
    void Rename(string draft, string path);

    void FlushDirectory(string directory);

    /// <summary>Does nothing where there is no such file. The name may come back after a crash.</summary>
    void Delete(string path);

    /// <summary>With all that is in it; durable after the flush of the directory above.</summary>
    void DeleteDirectory(string directory);

    bool HasDirectory(string directory);

    IEnumerable<string> ListDirectories(string directory);

    IEnumerable<string> ListFiles(string directory);

    /// <summary>
    /// Sets room aside behind a file's end, for its next growth, whoever fills the disk meanwhile.
    /// </summary>
    /// <returns>False where there is none.</returns>
    bool TryReserve(string path, long lengthBytes);

    /// <summary>
    /// A transaction of a database is about to be committed, which SQLite does by itself. For simulations, which keep what a
    /// crash may leave.
    /// </summary>
    /// <param name="isFlushed">It and all before are durable afterwards, if it changes anything.</param>
    void BeforeCommit(string database, bool isFlushed)
    {
    }
}

/// <summary>An open file.</summary>
internal interface IContentFile : IDisposable
{
    long LengthBytes { get; }

    /// <returns>How many bytes were read; 0 at the end.</returns>
    ValueTask<int> ReadAsync(Memory<byte> buffer, long offsetBytes, CancellationToken cancellationToken);

    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long offsetBytes, CancellationToken cancellationToken);

    /// <summary>When it returns, the bytes are on stable storage.</summary>
    void Flush();
}

/// <summary>The machine's file system.</summary>
internal sealed class ContentDisk : IContentDisk
{
    public static readonly ContentDisk Instance = new();

    private ContentDisk()
    {
    }

    public void CreateDirectory(string root, string directory) => DurableFile.CreateDirectory(root, directory);

    public IContentFile Create(string path, long lengthBytes)
    {
        var file = DurableFile.CreateOwnerOnly(path);
        return lengthBytes >= StorageLimits.DirectBytesMin && DirectFile.TryOpen(file) is { } direct ? direct : new OpenFile(file);
    }

    public IContentFile Open(string path)
        => new OpenFile(File.OpenHandle(
            path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.Asynchronous));

    public Stream OpenStream(string path)
        => new FileStream(path, new FileStreamOptions
        {
            Access = FileAccess.Read,
            Share = FileShare.Read | FileShare.Delete,
            Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
            BufferSize = 0,
        });

    public long? FindLengthBytes(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : null;

    public void Rename(string draft, string path) => DurableFile.Rename(draft, path);

    public void FlushDirectory(string directory) => DurableFile.FlushDirectory(directory);

    public bool TryReserve(string path, long lengthBytes) => DurableFile.TryReserve(path, lengthBytes);

    public void Delete(string path)
    {
        if (Directory.Exists(Path.GetDirectoryName(path)))
        {
            File.Delete(path);
        }
    }

    public void DeleteDirectory(string directory) => Directory.Delete(directory, recursive: true);

    public bool HasDirectory(string directory) => Directory.Exists(directory);

    public IEnumerable<string> ListDirectories(string directory) => Directory.EnumerateDirectories(directory);

    public IEnumerable<string> ListFiles(string directory) => Directory.EnumerateFiles(directory);

    private sealed class OpenFile(SafeFileHandle file) : IContentFile
    {
        // A flush at the end of a long file finds most of it on the disk already, and the disk is not idle before.
        private const long WritebackBytes = 8 << 20;

        private long _writtenBack;

        public long LengthBytes => RandomAccess.GetLength(file);

        public ValueTask<int> ReadAsync(Memory<byte> buffer, long offsetBytes, CancellationToken cancellationToken)
            => RandomAccess.ReadAsync(file, buffer, offsetBytes, cancellationToken);

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long offsetBytes, CancellationToken cancellationToken)
        {
            await RandomAccess.WriteAsync(file, bytes, offsetBytes, cancellationToken);
            var end = offsetBytes + bytes.Length;
            if (end - _writtenBack >= WritebackBytes)
            {
                DurableFile.BeginWriteback(file, _writtenBack, end - _writtenBack);
                _writtenBack = end;
            }
        }

        public void Flush() => RandomAccess.FlushToDisk(file);

        public void Dispose() => file.Dispose();
    }
}
