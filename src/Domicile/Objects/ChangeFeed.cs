using Domicile.Accounts;
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
    public static ChangeBatch Read(Sql sql, AccountId account, long after, int rowsMax, long bytesMax)
        => throw new NotImplementedException();

    /// <summary>
    /// Stores a batch at the target, in its transaction, digest included. Contents that lie in files were received before.
    /// Applying a batch again changes nothing.
    /// </summary>
    public static void Apply(AccountTransaction transaction, ChangeBatch batch) => throw new NotImplementedException();

    /// <summary>Drops contents that no version or part refers to: at the activation, what the source dropped meanwhile.</summary>
    public static void DropUnreferenced(AccountTransaction transaction) => throw new NotImplementedException();

    /// <summary>
    /// Recomputes the set digest from the live rows, table by table, not by seq: it shares no query with the copy.
    /// </summary>
    public static byte[] ComputeDigest(Sql sql, AccountId account) => throw new NotImplementedException();
}
