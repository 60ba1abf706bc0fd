using Domicile.Accounts;
using Domicile.Objects.Rows;
using Domicile.Proofs;
using Domicile.Storage;

namespace Domicile.Objects;

/// <summary>One row as it is now, or a deletion.</summary>
/// <param name="Row">The row's canonical bytes; of a deletion: the row's key in UTF-8, see <see cref="RowKind"/>.</param>
internal readonly record struct Change(RowKind Kind, long Seq, bool IsDeleted, ReadOnlyMemory<byte> Row);

/// <param name="Changes">In seq order; of one seq, contents first and deletions last.</param>
/// <param name="CompleteUpTo">The watermark: with these, everything up to and including this seq has been said.</param>
internal sealed record ChangeBatch(IReadOnlyList<Change> Changes, long CompleteUpTo);

/// <summary>What a move copies: an account's rows in the order of their last change.</summary>
internal static class ChangeFeed
{
    /// <summary>
    /// The rows whose last change came after <paramref name="after"/>, whole seqs only, as many as fit. At least one seq is
    /// read however large; no changes and a watermark equal to the account's seq mean that all has been said.
    /// </summary>
    /// <param name="sql">On one snapshot.</param>
    public static ChangeBatch Read(Sql sql, AccountId account, long after, int rowsMax, long bytesMax)
        => new ChangeReader(sql, account).Read(after, rowsMax, bytesMax);

    /// <summary>How many bytes the contents have that came after a seq. Costs what it counts.</summary>
    public static long ContentBytesAfter(Sql sql, AccountId account, long after)
        => sql.Scalar<long>("SELECT sum(length) FROM content WHERE account = @p1 AND seq > @p2", account.Value, after);

    /// <summary>
    /// Stores a batch at the target, in its transaction, digest included. Contents that lie in files were received before.
    /// Applying a batch again changes nothing.
    /// </summary>
    /// <remarks>
    /// Between two batches the copy is no state that the source was ever in: a row that changed again has moved on to a later
    /// batch. So a content without references may still be needed, and goes only when the source says that it dropped it.
    /// </remarks>
    /// <exception cref="InvalidRowException">A row names a content that is not here, or no row; undo the transaction.</exception>
    public static void Apply(AccountTransaction transaction, DecodedBatch batch) => batch.Apply(transaction);

    /// <summary>
    /// Drops contents that no version or part refers to. Call it when everything has been applied, at the activation: not
    /// before, see <see cref="Apply"/>. Costs what it drops.
    /// </summary>
    public static void DropUnreferenced(AccountTransaction transaction)
    {
        var changes = new RowChanges(transaction);
        var unreferenced = transaction.Sql.List(
            "SELECT content FROM content WHERE account = @p1 AND refs = 0", reader => reader.GetString(0),
            transaction.Account.Value);
        foreach (var contentId in unreferenced)
        {
            changes.Drop(contentId);
        }
    }

    /// <summary>Forgets deletions: when no target follows any more, or before one begins to.</summary>
    public static void DropTombstones(AccountTransaction transaction)
        => transaction.Sql.Execute("DELETE FROM tombstone WHERE account = @p1", transaction.Account.Value);

    /// <summary>
    /// Recomputes the set digest from the live rows, table by table, not by seq: it shares no query with the copy.
    /// </summary>
    public static byte[] ComputeDigest(Sql sql, AccountId account)
    {
        var digest = SetDigest.Empty;
        AddAll<BucketRow>(sql, account, digest);
        AddAll<VersionRow>(sql, account, digest);
        AddAll<UploadRow>(sql, account, digest);
        AddAll<PartRow>(sql, account, digest);
        AddAll<CredentialRow>(sql, account, digest);
        return digest.ToBytes();
    }

    private static void AddAll<T>(Sql sql, AccountId account, SetDigest digest)
        where T : class, IStoredRow<T>
        => sql.ForEach(
            $"{T.Select} WHERE account = @p1 ORDER BY {T.PrimaryKey}", reader => digest.Add(T.Read(reader).Encode()),
            account.Value);
}
