using System.IO.Pipelines;
using Domicile.Accounts;
using Domicile.Objects.Commands;
using Domicile.Objects.Listing;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects;

/// <summary>
/// A request's hold on this region's copy of an account: its state allowed reads when the hold was taken, and erasing
/// waits for the hold's end, and then cuts it. Queries see what was committed when each began. Writes don't go through here
/// but through the gateway (Domicile.Moves.AccountGateway.WriteAsync), which follows the account if it has left. For one
/// request: not thread-safe.
/// </summary>
internal sealed class AccountCopy(AccountStore store, Holds.Hold hold, long epoch) : IAsyncDisposable
{
    // Inline contents of the objects that were found, as they were then: a writer may drop their rows before they are read.
    // (Files stay as long as the hold.)
    private readonly Dictionary<string, StoredContent> _inline = new(StringComparer.Ordinal);

    public AccountStore Store => store;

    /// <summary>The account's epoch when the hold was taken: a write of this request may commit in it, or follow the account.</summary>
    public long Epoch => epoch;

    public AccountId Account => store.Account;

    /// <summary>Cancelled when erasing waits no longer: end the request and what it has open.</summary>
    public CancellationToken Cut => hold.Cut;

    /// <summary>The caller disposes the credential: the secret is in it.</summary>
    public ValueTask<Credential?> FindCredentialAsync(string accessKeyId, CancellationToken cancellationToken)
        => Find(
            sql => CredentialRow.Find(sql, Account, accessKeyId) is { } row ? SealedSecret.Open(Ring, row) : null,
            cancellationToken);

    /// <summary>Whether a key that is none was one of the account: <see cref="ObjectLimits.RevokedKeysMax"/> are remembered.</summary>
    public ValueTask<bool> WasRevokedAsync(string accessKeyId, CancellationToken cancellationToken)
        => Query(sql => RevokedKeys.Has(sql, Account, accessKeyId), cancellationToken);

    /// <summary>All credentials, oldest first, without their secrets.</summary>
    public ValueTask<IReadOnlyList<Credential>> ListCredentialsAsync(CancellationToken cancellationToken)
        => Query<IReadOnlyList<Credential>>(
            sql => sql.List(
                $"{CredentialRow.Select} WHERE account = @p1 ORDER BY created_ms, access_key",
                reader => SealedSecret.Describe(CredentialRow.Read(reader)), Account.Value),
            cancellationToken);

    /// <summary>In the order of their names.</summary>
    public ValueTask<IReadOnlyList<Bucket>> ListBucketsAsync(
        string prefix, string? after, int pageSize, CancellationToken cancellationToken)
        => Query<IReadOnlyList<Bucket>>(sql => BucketList.Of(sql, Account, prefix, after, pageSize), cancellationToken);

    public ValueTask<Bucket?> FindBucketAsync(string name, CancellationToken cancellationToken)
        => Find(sql => BucketRow.Find(sql, Account, name)?.ToBucket(), cancellationToken);

    /// <param name="versionId">Null: the current version, which may be a delete marker.</param>
    public ValueTask<ObjectVersion?> FindObjectAsync(
        string bucket, string key, string? versionId, CancellationToken cancellationToken)
        => Find(
            sql =>
            {
                var version = new ObjectLookup(sql, Account).Version(bucket, key, versionId)?.ToVersion();
                KeepInline(sql, version?.Pieces ?? []);
                return version;
            },
            cancellationToken);

    /// <summary>Current versions that are no delete markers. Costs O(page): a delimiter skips whole prefixes by index seek.</summary>
    public ValueTask<ObjectPage> ListObjectsAsync(ObjectQuery query, CancellationToken cancellationToken)
        => Query(sql => ObjectCursor.List(sql, Account, query), cancellationToken);

    /// <summary>Keys in order, each key's versions newest first.</summary>
    public ValueTask<VersionPage> ListVersionsAsync(VersionQuery query, CancellationToken cancellationToken)
        => Query(sql => VersionCursor.List(sql, Account, query), cancellationToken);

    public ValueTask<Upload?> FindUploadAsync(
        string bucket, string key, string uploadId, CancellationToken cancellationToken)
        => Query(sql => UploadRow.Find(sql, Account, bucket, key, uploadId)?.ToUpload(), cancellationToken);

    public ValueTask<PartPage> ListPartsAsync(
        string uploadId, int afterNumber, int pageSize, CancellationToken cancellationToken)
        => Query(sql => PartList.Of(sql, Account, uploadId, afterNumber, pageSize), cancellationToken);

    public ValueTask<UploadPage> ListUploadsAsync(UploadQuery query, CancellationToken cancellationToken)
        => Query(sql => UploadCursor.List(sql, Account, query), cancellationToken);

    public ValueTask<AccountUsage> MeasureUsageAsync(CancellationToken cancellationToken)
        => Query(sql => Usage.Measure(sql, Account), cancellationToken);

    /// <summary>Opens a new content for writing. The caller completes it, puts it into a command, and disposes it.</summary>
    public ContentWriter StageContent() => new(store.Contents);

    /// <summary>Decrypts a range of an object into a pipe, a frame at a time.</summary>
    /// <exception cref="ContentCorruptException">A stored frame fails its authentication.</exception>
    public Task ReadContentAsync(
        IReadOnlyList<ContentPiece> pieces, long offsetBytes, long lengthBytes, PipeWriter destination,
        CancellationToken cancellationToken)
        => ContentPieces.ReadAsync(
            store.Contents, pieces, FindContent, offsetBytes, lengthBytes, destination, cancellationToken);

    public ValueTask DisposeAsync()
    {
        hold.Dispose();
        return ValueTask.CompletedTask;
    }

    private KeyRing Ring => store.Ring ?? throw new InvalidOperationException(
        $"Account {Account} has rows here but no key: the region's copy is damaged. Restore it or move the account back.");

    private StoredContent? FindContent(string contentId)
        => _inline.GetValueOrDefault(contentId)
            ?? store.Read(sql => StoredContent.Find(sql, Account, contentId));

    // An object of parts has at most its last one inline, unless it was copied together from ranges: then some may be too many.
    private void KeepInline(Sql sql, IReadOnlyList<ContentPiece> pieces)
    {
        var rest = ObjectLimits.InlineBytesKeptMax;
        foreach (var piece in pieces.Where(piece => piece.LengthBytes <= ContentLimits.InlineBytesMax))
        {
            if (rest <= 0)
            {
                return;
            }

            if (!_inline.ContainsKey(piece.ContentId)
                && StoredContent.Find(sql, Account, piece.ContentId) is { IsInline: true } content)
            {
                _inline.Add(piece.ContentId, content);
                rest -= content.Inline.Length;
            }
        }
    }

    // That there is no such row is said when it can be: see AccountStore.CheckLog.
    private async ValueTask<T?> Find<T>(Func<Sql, T?> query, CancellationToken cancellationToken)
        where T : class
    {
        if (await Query(query, cancellationToken) is { } found)
        {
            return found;
        }

        store.CheckLog();
        return null;
    }

    private ValueTask<T> Query<T>(Func<Sql, T> query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return ValueTask.FromResult(RottenRow.Guard(Account, () => store.Read(query)));
        }
        catch (StorageUnreadableException)
        {
            store.CheckLog();
            throw;
        }
    }
}
