using System.IO.Pipelines;
using Domicile.Accounts;

namespace Domicile.Objects;

/// <summary>
/// A request's hold on this region's copy of an account: its state allowed reads when the hold was taken, and erasing
/// waits for the hold's end. Queries see what was committed when each began. Writes don't go through here but through the
/// gateway (Domicile.Moves.AccountGateway.WriteAsync), which follows the account if it has left.
/// </summary>
internal sealed class AccountCopy : IAsyncDisposable
{
    public AccountId Account => throw new NotImplementedException();

    public ValueTask<Credential?> FindCredentialAsync(string accessKeyId, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    /// <summary>All credentials, oldest first. The secrets are in it.</summary>
    public ValueTask<IReadOnlyList<Credential>> ListCredentialsAsync(CancellationToken cancellationToken)
        => throw new NotImplementedException();

    /// <summary>In the order of their names.</summary>
    public ValueTask<IReadOnlyList<Bucket>> ListBucketsAsync(
        string prefix, string? after, int pageSize, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    public ValueTask<Bucket?> FindBucketAsync(string name, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    /// <param name="versionId">Null: the current version, which may be a delete marker.</param>
    public ValueTask<ObjectVersion?> FindObjectAsync(
        string bucket, string key, string? versionId, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    /// <summary>Current versions that are no delete markers. Costs O(page): a delimiter skips whole prefixes by index seek.</summary>
    public ValueTask<ObjectPage> ListObjectsAsync(ObjectQuery query, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    /// <summary>Keys in order, each key's versions newest first.</summary>
    public ValueTask<VersionPage> ListVersionsAsync(VersionQuery query, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    public ValueTask<Upload?> FindUploadAsync(
        string bucket, string key, string uploadId, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    public ValueTask<PartPage> ListPartsAsync(
        string uploadId, int afterNumber, int pageSize, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    public ValueTask<UploadPage> ListUploadsAsync(UploadQuery query, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    public ValueTask<AccountUsage> MeasureUsageAsync(CancellationToken cancellationToken)
        => throw new NotImplementedException();

    /// <summary>Opens a new content for writing. The caller completes it, puts it into a command, and disposes it.</summary>
    public ContentWriter StageContent() => throw new NotImplementedException();

    /// <summary>Decrypts a range of an object into a pipe, a frame at a time.</summary>
    /// <exception cref="ContentCorruptException">A stored frame fails its authentication.</exception>
    public Task ReadContentAsync(
        IReadOnlyList<ContentPiece> pieces, long offsetBytes, long lengthBytes, PipeWriter destination,
        CancellationToken cancellationToken)
        => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
