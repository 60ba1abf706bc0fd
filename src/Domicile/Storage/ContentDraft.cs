namespace Domicile.Storage;

/// <summary>A content file that is being written. It has its final name only when it is whole and flushed.</summary>
internal sealed class ContentDraft(ContentFiles files, IContentDisk disk, string draftId, string path, long copiedBytes) : IDisposable
{
    private readonly IContentFile _file = disk.Create(path, copiedBytes);
    private long _lengthBytes;
    private bool _isComplete;

    /// <exception cref="StorageFullException">The disk is full.</exception>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> sealedBytes, CancellationToken cancellationToken)
    {
        try
        {
            await _file.WriteAsync(sealedBytes, _lengthBytes, cancellationToken);
        }
        catch (IOException fault) when (DurableFile.IsFull(fault))
        {
            throw ContentFiles.Full(path, fault);
        }

        _lengthBytes += sealedBytes.Length;
    }

    /// <summary>When it returns, the file is durable under the content's name, and staged: see <see cref="ContentFiles"/>.</summary>
    public void Complete(string contentId)
    {
        try
        {
            // Closed first: readers may open it under its name at once.
            _file.Flush();
            _file.Dispose();
            files.Place(path, contentId);
        }
        catch (IOException fault) when (DurableFile.IsFull(fault))
        {
            throw ContentFiles.Full(path, fault);
        }

        _isComplete = true;
    }

    /// <summary>Deletes what did not become whole.</summary>
    public void Dispose()
    {
        _file.Dispose();
        if (!_isComplete)
        {
            disk.Delete(path);
        }

        files.Forget(draftId);
    }
}
