using System.Collections.Concurrent;
using System.IO.Pipelines;

namespace Domicile.Storage;

/// <summary>
/// An account's contents in files, each encrypted under a key of its own: <c>contents/ab/ab…</c>, and
/// <c>contents/drafts/</c> while they are written. A file has its name before the row that names it commits; until that row
/// is there the file counts as staged, and no sweep takes it for an orphan. Thread-safe.
/// See docs/formats/content.md.
/// </summary>
internal sealed class ContentFiles
{
    private const string DraftsName = "drafts";

    private static readonly byte[] Header = "DOMCONT\u0001"u8.ToArray();

    private readonly AccountStore _store;
    private readonly IContentDisk _disk;
    private readonly RegionStorage _region;
    private readonly string _directory;

    // Drafts and contents whose rows may not have committed yet; values mean nothing.
    private readonly ConcurrentDictionary<string, bool> _staged = new(StringComparer.Ordinal);

    // Directories that are durable since this process began.
    private readonly ConcurrentDictionary<string, bool> _directories = new(StringComparer.Ordinal);

    public ContentFiles(AccountStore store, RegionStorage region)
    {
        _store = store;
        _region = region;
        _disk = region.Disk;
        _directory = Path.Combine(store.Directory, "contents");
    }

    public static ReadOnlyMemory<byte> FileHeader => Header;

    /// <summary>Begins a content file.</summary>
    /// <param name="copiedBytes">How long its file will be, if it is a copy of another region's; 0 of others.</param>
    /// <exception cref="StorageFullException">The disk is full.</exception>
    public ContentDraft CreateDraft(long copiedBytes = 0)
    {
        var id = ContentId.Draw();
        var directory = Path.Combine(_directory, DraftsName);
        var path = Path.Combine(directory, id);
        _staged[id] = true;
        try
        {
            MakeDirectory(directory);
            return new ContentDraft(this, _disk, id, path, copiedBytes);
        }
        catch (IOException fault) when (DurableFile.IsFull(fault))
        {
            Forget(id);
            throw Full(path, fault);
        }
    }

    /// <summary>The cipher of a content's frames. The caller disposes it.</summary>
    /// <exception cref="StorageUnreadableException">The account has no key here: it was erased, or never was here.</exception>
    public FrameCipher OpenCipher(string contentId)
    {
        Invariant.Check(ContentId.IsValid(contentId));
        var ring = _store.Ring ?? throw new StorageUnreadableException(
            $"Account {_store.Account} has no key in this region: its contents can't be read or written here.");
        return new FrameCipher(ring, contentId);
    }

    /// <summary>Decrypts a range of a content into a pipe, a few frames at a time. Returns early where nobody reads on.</summary>
    /// <exception cref="ContentCorruptException">Stored bytes are missing or fail their authentication.</exception>
    public async Task ReadAsync(
        StoredContent content, long offsetBytes, long lengthBytes, PipeWriter destination,
        CancellationToken cancellationToken)
    {
        Invariant.Check(offsetBytes >= 0 && lengthBytes >= 0 && offsetBytes <= content.LengthBytes - lengthBytes);
        if (lengthBytes == 0)
        {
            return;
        }

        using var reader = await OpenReaderAsync(content, cancellationToken);
        var end = offsetBytes + lengthBytes;
        var lastFrame = (end - 1) / ContentLimits.FrameBytes;
        for (var frame = offsetBytes / ContentLimits.FrameBytes; frame <= lastFrame;)
        {
            var count = await reader.LoadAsync(frame, lastFrame, cancellationToken);
            for (var last = frame + count; frame < last; frame++)
            {
                reader.WriteTo(destination, frame, offsetBytes, end);
            }

            var flushed = await destination.FlushAsync(cancellationToken);
            if (flushed.IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>Reads all of a content, inline or not, and checks every frame; of a row from elsewhere, also what it claims.</summary>
    /// <exception cref="ContentCorruptException">Stored bytes are missing or fail their authentication.</exception>
    public async Task VerifyAsync(StoredContent content, CancellationToken cancellationToken)
    {
        using var reader = await OpenReaderAsync(content, cancellationToken);
        for (var frame = 0L; frame < reader.FrameCount;)
        {
            var count = await reader.LoadAsync(frame, reader.FrameCount - 1, cancellationToken);
            for (var last = frame + count; frame < last; frame++)
            {
                reader.Check(frame);
            }
        }
    }

    /// <summary>
    /// A content without its row, which an overwrite may have dropped since its reader looked: the file knows its length.
    /// </summary>
    /// <returns>Null where there is no such file.</returns>
    public StoredContent? Describe(string contentId)
    {
        return _disk.FindLengthBytes(PathOf(contentId)) is { } sealedLength
            && ContentLimits.PlainLength(sealedLength) is { } length
                ? new StoredContent(contentId, length, Inline: default)
                : null;
    }

    /// <summary>
    /// The file as it lies, for another region. The caller disposes the stream, and has held the store open since before it
    /// read the content's row: else the file may be gone.
    /// </summary>
    /// <exception cref="ContentCorruptException">There is no such file.</exception>
    public (Stream SealedBytes, long SealedLength) OpenSealed(string contentId)
    {
        try
        {
            var stream = _disk.OpenStream(PathOf(contentId));
            return (stream, stream.Length);
        }
        catch (IOException fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Missing(contentId, fault);
        }
    }

    /// <summary>
    /// Stores a content file as another region has it: reads <see cref="ContentLimits.SealedLength"/> bytes, no more, checks
    /// every frame, and returns when the file is durable. Where the file is there already, the bytes are skipped.
    /// Call <see cref="Adopted"/> when its row has committed.
    /// </summary>
    /// <param name="lengthBytes">Of the plain content.</param>
    /// <exception cref="ContentCorruptException">A frame fails its authentication under this account's key; nothing is kept.</exception>
    /// <exception cref="EndOfStreamException">The source ended early; nothing is kept.</exception>
    /// <exception cref="StorageFullException">The disk is full; nothing is kept.</exception>
    public async Task ReceiveSealedAsync(
        string contentId, long lengthBytes, Stream source, CancellationToken cancellationToken)
        => await await ReceiveSealedAheadAsync(contentId, lengthBytes, source.ReadExactlyAsync, cancellationToken);

    /// <summary>
    /// The same, but returns as soon as the bytes have been read, so that the next content can be: the task that it answers
    /// completes when this one is durable. Both may throw.
    /// </summary>
    public async Task<Task> ReceiveSealedAheadAsync(
        string contentId, long lengthBytes, ReadExactly read, CancellationToken cancellationToken)
    {
        if (!ContentId.IsValid(contentId) || lengthBytes is < 0 or > ContentLimits.LengthBytesMax)
        {
            throw new ContentCorruptException("The sending region named no content that could be stored. Nothing was kept.");
        }

        var receiver = new SealedReceiver(this, _region, contentId, lengthBytes);
        _staged[contentId] = true;
        try
        {
            if (!HasSealed(contentId, lengthBytes))
            {
                return ForgetIfFailedAsync(contentId, await receiver.ReadAsync(read, cancellationToken));
            }

            // The process that named it may have died before the name was durable.
            _disk.FlushDirectory(Path.GetDirectoryName(PathOf(contentId))!);
            await receiver.SkipAsync(read, cancellationToken);
            return Task.CompletedTask;
        }
        catch
        {
            Forget(contentId);
            throw;
        }
    }

    /// <summary>Whether a content file is here whole: it was checked before it got its name.</summary>
    public bool HasSealed(string contentId, long lengthBytes)
        => _disk.FindLengthBytes(PathOf(contentId)) == ContentLimits.SealedLength(lengthBytes);

    /// <summary>The row that names the content has committed: from here on the row decides.</summary>
    public void Adopted(string contentId) => Forget(contentId);

    /// <summary>Deletes a content's file, if there is one. That nothing names it any more is the caller's business.</summary>
    public void Delete(string contentId)
    {
        _disk.Delete(PathOf(contentId));
        Forget(contentId);
    }

    /// <summary>Deletes what no row names: drafts that a crash left, files whose rows never committed.</summary>
    public void DeleteOrphans(Func<IReadOnlyList<string>, IReadOnlySet<string>> findNamed)
    {
        if (!_disk.HasDirectory(_directory))
        {
            return;
        }

        foreach (var directory in _disk.ListDirectories(_directory))
        {
            var isDrafts = Path.GetFileName(directory) == DraftsName;
            foreach (var paths in _disk.ListFiles(directory).Chunk(StorageLimits.DiscardsPerRoundMax))
            {
                // First what is staged, then what has a row: a content goes from the one to the other.
                var unstaged = paths.Where(path => !_staged.ContainsKey(Path.GetFileName(path))).ToList();
                var named = isDrafts ? new HashSet<string>() : findNamed([.. unstaged.Select(path => Path.GetFileName(path))]);
                unstaged.Where(path => !named.Contains(Path.GetFileName(path))).ToList().ForEach(_disk.Delete);
            }
        }
    }

    /// <summary>Deletes every file, drafts included, for good. Nobody writes or reads meanwhile.</summary>
    public void DeleteAll()
    {
        if (_disk.HasDirectory(_directory))
        {
            _disk.DeleteDirectory(_directory);
            _disk.FlushDirectory(_store.Directory);
        }

        _staged.Clear();
        _directories.Clear();
        Invariant.Check(!_disk.HasDirectory(_directory));
    }

    /// <summary>How many files there are, drafts included.</summary>
    public long CountFiles()
        => _disk.HasDirectory(_directory)
            ? _disk.ListDirectories(_directory).Sum(directory => (long)_disk.ListFiles(directory).Count()) : 0;

    internal static StorageFullException Full(string path, Exception fault)
        => new($"Writing content '{path}': the disk is full. Free some space; nothing was lost.", fault);

    internal static ContentCorruptException Missing(string contentId, Exception? fault = null)
        => new($"Content {contentId} has no file in this region. Restore it, or the account, from another copy.", fault);

    /// <summary>Gives a flushed draft its content's name.</summary>
    internal void Place(string draftPath, string contentId)
    {
        _staged[contentId] = true;
        var path = PathOf(contentId);
        MakeDirectory(Path.GetDirectoryName(path)!);
        _disk.Rename(draftPath, path);
    }

    internal void Forget(string id) => _staged.TryRemove(id, out _);

    internal string PathOf(string contentId)
    {
        Invariant.Check(ContentId.IsValid(contentId));
        return Path.Combine(_directory, contentId[..2], contentId);
    }

    /// <summary>Opens a content to read its frames. The caller disposes it.</summary>
    /// <exception cref="ContentCorruptException">It is missing, or not what its row says.</exception>
    internal ValueTask<SealedReader> OpenReaderAsync(StoredContent content, CancellationToken cancellationToken)
    {
        var lengthBytesMax = content.IsInline ? ContentLimits.InlineBytesMax : ContentLimits.LengthBytesMax;
        if (!ContentId.IsValid(content.ContentId) || content.LengthBytes < 0 || content.LengthBytes > lengthBytesMax)
        {
            throw new ContentCorruptException("A content's row has an id or a length that no content can have.");
        }

        var path = content.IsInline ? null : PathOf(content.ContentId);
        return SealedReader.OpenAsync(_disk, content, path, () => OpenCipher(content.ContentId), cancellationToken);
    }

    private async Task ForgetIfFailedAsync(string contentId, Task stored)
    {
        try
        {
            await stored;
        }
        catch
        {
            Forget(contentId);
            throw;
        }
    }

    private void MakeDirectory(string directory)
    {
        if (_directories.ContainsKey(directory))
        {
            return;
        }

        _disk.CreateDirectory(_store.Directory, directory);
        _directories[directory] = true;
    }
}
