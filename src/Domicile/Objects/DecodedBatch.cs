using System.Text;
using Domicile.Objects.Rows;
using Domicile.Proofs;
using Domicile.Storage;

namespace Domicile.Objects;

/// <summary>
/// A batch as a target stores it. The source may be hostile: every row is read strictly. Needs no transaction, so batches
/// are decoded and hashed beside the storing of others.
/// </summary>
internal sealed class DecodedBatch
{
    private readonly List<DecodedChange> _changes;
    private readonly SetDigest _rows = SetDigest.Empty;

    private DecodedBatch(ChangeBatch batch)
    {
        var last = 0L;
        foreach (var change in batch.Changes)
        {
            Require(change.Seq >= last && change.Seq >= 1, "its changes are out of order");
            Require(change.Seq <= batch.CompleteUpTo, "it says more than its watermark");
            last = change.Seq;
        }

        _changes = [.. batch.Changes.Select(change => change.IsDeleted ? DecodeDeletion(change) : DecodeRow(change))];
    }

    /// <summary>The contents that came in rows, and the names of those in files.</summary>
    public IEnumerable<ContentRow> Contents => _changes.OfType<DecodedChange.Content>().Select(change => change.Row);

    /// <exception cref="InvalidRowException">The batch is not what a source sends.</exception>
    public static DecodedBatch Decode(ChangeBatch batch) => new(batch);

    /// <summary>See <see cref="ChangeFeed.Apply"/>.</summary>
    public void Apply(AccountTransaction transaction)
    {
        var changes = new RowChanges(transaction);
        transaction.Digest(_rows);
        foreach (var change in _changes)
        {
            change.Apply(changes);
        }

        // Only now: within a batch a content may lose its last reference before it gets the next. One that is still in use
        // here is used by a part that was replaced again since, in a later batch; DropUnreferenced gets it.
        changes.SettleReferences();
        foreach (var dropped in _changes.OfType<DecodedChange.DroppedContent>())
        {
            changes.Drop(dropped.Id);
        }
    }

    private DecodedChange DecodeRow(Change change) => change.Kind switch
    {
        RowKind.Bucket => Decode<BucketRow>(change),
        RowKind.Version => Decode<VersionRow>(change),
        RowKind.Upload => Decode<UploadRow>(change),
        RowKind.Part => Decode<PartRow>(change),
        RowKind.Credential => Decode<CredentialRow>(change),
        RowKind.Content => DecodeContent(change),
        _ => throw Invalid("a row's kind is unknown"),
    };

    private DecodedChange.Stored<T> Decode<T>(Change change)
        where T : class, IStoredRow<T>
    {
        var row = T.Decode(change.Row.Span);
        RequireSeq(row.Seq, change);
        _rows.Add(row.Encode());
        return new DecodedChange.Stored<T>(row);
    }

    private static DecodedChange.Content DecodeContent(Change change)
    {
        var content = ContentRow.Decode(change.Row);
        RequireSeq(content.Seq, change);
        return new DecodedChange.Content(content);
    }

    private static DecodedChange DecodeDeletion(Change change)
    {
        var key = KeyOf(change);
        return change.Kind switch
        {
            RowKind.Bucket => new DecodedChange.Deleted<BucketRow>(key, change.Seq),
            RowKind.Version => new DecodedChange.Deleted<VersionRow>(key, change.Seq),
            RowKind.Upload => new DecodedChange.Deleted<UploadRow>(key, change.Seq),
            RowKind.Part => new DecodedChange.Deleted<PartRow>(key, change.Seq),
            RowKind.Credential => new DecodedChange.Deleted<CredentialRow>(key, change.Seq),
            RowKind.Content => new DecodedChange.DroppedContent(key),
            _ => throw Invalid("a deletion's kind is unknown"),
        };
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

    private static void RequireSeq(long seq, Change change)
        => Require(seq == change.Seq, "a row has another seq than its change");

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw Invalid(what);
        }
    }

    private static InvalidRowException Invalid(string what) => new($"A batch was refused: {what}.");
}

/// <summary>One change of a batch, ready to be stored.</summary>
internal abstract record DecodedChange
{
    private DecodedChange()
    {
    }

    public abstract void Apply(RowChanges changes);

    public sealed record Stored<T>(T Row) : DecodedChange
        where T : class, IStoredRow<T>
    {
        public override void Apply(RowChanges changes) => changes.PutDigested(Row);
    }

    public sealed record Content(ContentRow Row) : DecodedChange
    {
        public override void Apply(RowChanges changes) => changes.Put(Row);
    }

    public sealed record Deleted<T>(string Key, long Seq) : DecodedChange
        where T : class, IStoredRow<T>
    {
        // A row that came back since, under the same key, is not the one that was deleted.
        public override void Apply(RowChanges changes)
        {
            if (T.Find(changes.Sql, changes.Account, Key) is { } row && row.Seq <= Seq)
            {
                changes.Delete(row, Seq);
            }
        }
    }

    /// <summary>A content that nothing at the source refers to any more. It goes when the batch's rows have been stored.</summary>
    public sealed record DroppedContent(string Id) : DecodedChange
    {
        public override void Apply(RowChanges changes)
        {
        }
    }
}
