using System.Text;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects;

/// <summary>Stores what a source sent. The source may be hostile: every row is read strictly.</summary>
internal sealed class ChangeApplier(AccountTransaction transaction)
{
    private readonly RowChanges _changes = new(transaction);
    private readonly List<string> _dropped = [];

    public void Apply(ChangeBatch batch)
    {
        var last = 0L;
        foreach (var change in batch.Changes)
        {
            Require(change.Seq >= last && change.Seq >= 1, "its changes are out of order");
            Require(change.Seq <= batch.CompleteUpTo, "it says more than its watermark");
            last = change.Seq;
            if (change.IsDeleted)
            {
                Delete(change);
            }
            else
            {
                Put(change);
            }
        }

        // Only now: within a batch a content may lose its last reference before it gets the next. One that is still in use
        // here is used by a part that was replaced again since, in a later batch; DropUnreferenced gets it.
        _changes.SettleReferences();
        foreach (var contentId in _dropped)
        {
            _changes.Drop(contentId);
        }
    }

    private void Put(Change change)
    {
        switch (change.Kind)
        {
            case RowKind.Bucket:
                Put<BucketRow>(change);
                break;
            case RowKind.Version:
                Put<VersionRow>(change);
                break;
            case RowKind.Upload:
                Put<UploadRow>(change);
                break;
            case RowKind.Part:
                Put<PartRow>(change);
                break;
            case RowKind.Credential:
                Put<CredentialRow>(change);
                break;
            case RowKind.Content:
                var content = ContentRow.Decode(change.Row.Span);
                Require(content.Seq == change.Seq, "a row has another seq than its change");
                _changes.Put(content);
                break;
            default:
                throw Invalid("a row's kind is unknown");
        }
    }

    private void Put<T>(Change change)
        where T : class, IStoredRow<T>
    {
        var row = T.Decode(change.Row.Span);
        Require(row.Seq == change.Seq, "a row has another seq than its change");
        _changes.Put(row);
    }

    private void Delete(Change change)
    {
        var key = KeyOf(change);
        switch (change.Kind)
        {
            case RowKind.Bucket:
                Delete<BucketRow>(key, change.Seq);
                break;
            case RowKind.Version:
                Delete<VersionRow>(key, change.Seq);
                break;
            case RowKind.Upload:
                Delete<UploadRow>(key, change.Seq);
                break;
            case RowKind.Part:
                Delete<PartRow>(key, change.Seq);
                break;
            case RowKind.Credential:
                Delete<CredentialRow>(key, change.Seq);
                break;
            case RowKind.Content:
                _dropped.Add(key);
                break;
            default:
                throw Invalid("a deletion's kind is unknown");
        }
    }

    // A row that came back since, under the same key, is not the one that was deleted.
    private void Delete<T>(string key, long seq)
        where T : class, IStoredRow<T>
    {
        if (T.Find(transaction.Sql, transaction.Account, key) is { } row && row.Seq <= seq)
        {
            _changes.Delete(row, seq);
        }
    }

    private static string KeyOf(Change change)
    {
        try
        {
            return RowWriter.Utf8.GetString(change.Row.Span);
        }
        catch (DecoderFallbackException cause)
        {
            throw new InvalidRowException("A batch was refused: a deletion's key is not UTF-8.", cause);
        }
    }

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw Invalid(what);
        }
    }

    private static InvalidRowException Invalid(string what) => new($"A batch was refused: {what}.");
}
