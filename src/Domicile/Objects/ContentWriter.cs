namespace Domicile.Objects;

/// <summary>
/// Encrypts a content into this region's store as it arrives, 64 KiB at a time, and keeps it out of every object until a
/// command that names it commits. Disposed without that, its bytes are deleted.
/// </summary>
internal sealed class ContentWriter : IAsyncDisposable
{
    /// <summary>Takes all of <paramref name="plain"/> before it returns; the caller may reuse the memory.</summary>
    /// <exception cref="StorageFullException">The disk is full.</exception>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> plain, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    /// <summary>When it returns, the content is durable (a file, fsynced, under its final name) or inline.</summary>
    public ValueTask<StagedContent> CompleteAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>The command that names this content has committed, here or at the new home: don't delete it.</summary>
    public void Adopted() => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
