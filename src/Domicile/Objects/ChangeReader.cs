using Domicile.Accounts;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects;

/// <summary>Merges the tables' indexes by (account, seq).</summary>
internal sealed class ChangeReader(Sql sql, AccountId account)
{
    // Rows loaded at once: a content may lie inline, so this bounds what is read beyond a full batch.
    private const int RowsPerRoundMax = 64;

    private static readonly string[] Tables = ["bucket", "version", "upload", "part", "credential", "content", "tombstone"];

    public ChangeBatch Read(long after, int rowsMax, long bytesMax)
    {
        // :: Step 1: how far the account is. Before anything else, or a change between the two would be passed over.
        var accountSeq = sql.Scalar<long>("SELECT seq FROM account WHERE account = @p1", account.Value);

        // :: Step 2: which seqs have rows, and how many; from the indexes alone.
        var seqs = ListSeqs(after, rowsMax + 1);
        var isAll = seqs.Count <= rowsMax;
        var upTo = isAll ? accountSeq : LastWhole(seqs, rowsMax);

        // :: Step 3: the rows, a few seqs at a time, until the bytes are full.
        var changes = new List<Change>();
        var bytes = 0L;
        foreach (var (from, to) in Rounds(seqs, upTo))
        {
            foreach (var rows in Load(from, to).GroupBy(change => change.Seq))
            {
                bytes += rows.Sum(change => (long)change.Row.Length);
                if (changes.Count > 0 && bytes > bytesMax)
                {
                    return new ChangeBatch(changes, changes[^1].Seq);
                }

                changes.AddRange(rows);
            }
        }

        return new ChangeBatch(changes, Math.Max(upTo, after));
    }

    private List<long> ListSeqs(long after, int countMax)
    {
        var seqs = new List<long>();
        foreach (var table in Tables)
        {
            seqs.AddRange(sql.List(
                $"SELECT seq FROM {table} WHERE account = @p1 AND seq > @p2 ORDER BY seq LIMIT @p3",
                reader => reader.GetInt64(0), account.Value, after, countMax));
        }

        seqs.Sort();
        return seqs;
    }

    // The last seq all of whose rows fit; the first one where not even that fits. Every list holds one more than fits, so
    // what they leave out comes after.
    private static long LastWhole(List<long> seqs, int rowsMax)
    {
        var firstTooMany = seqs[rowsMax];
        var last = seqs.FindLastIndex(seq => seq < firstTooMany);
        return last < 0 ? firstTooMany : seqs[last];
    }

    /// <returns>Ranges of seqs, both ends included, that have about as many rows as a round may load.</returns>
    private static IEnumerable<(long From, long To)> Rounds(List<long> seqs, long upTo)
    {
        var at = 0;
        while (at < seqs.Count && seqs[at] <= upTo)
        {
            var end = Math.Min(at + RowsPerRoundMax, seqs.Count) - 1;
            var to = Math.Min(seqs[end], upTo);
            yield return (seqs[at], to);
            at = seqs.FindIndex(at, seq => seq > to);
            at = at < 0 ? seqs.Count : at;
        }
    }

    private IEnumerable<Change> Load(long from, long to)
        => LoadContents(from, to)
            .Concat(Load<BucketRow>(from, to))
            .Concat(Load<VersionRow>(from, to))
            .Concat(Load<UploadRow>(from, to))
            .Concat(Load<PartRow>(from, to))
            .Concat(Load<CredentialRow>(from, to))
            .Concat(LoadDeletions(from, to))
            .OrderBy(change => change.Seq); // Stable: within a seq the order above stays.

    private List<Change> Load<T>(long from, long to)
        where T : class, IStoredRow<T>
        => sql.List(
            $"{T.Select} WHERE account = @p1 AND seq BETWEEN @p2 AND @p3 ORDER BY seq",
            reader =>
            {
                var row = T.Read(reader);
                return new Change(T.Kind, row.Seq, false, row.Encode());
            },
            account.Value, from, to);

    private List<Change> LoadContents(long from, long to)
        => sql.List(
            $"{ContentRow.Select} WHERE account = @p1 AND seq BETWEEN @p2 AND @p3 ORDER BY seq",
            reader =>
            {
                var row = ContentRow.Read(reader);
                return new Change(RowKind.Content, row.Seq, false, row.Encode());
            },
            account.Value, from, to);

    // By kind: contents, whose number is the highest, go after the rows that referred to them.
    private List<Change> LoadDeletions(long from, long to)
        => sql.List(
            "SELECT seq, kind, name FROM tombstone WHERE account = @p1 AND seq BETWEEN @p2 AND @p3 ORDER BY seq, kind, name",
            reader => new Change(
                (RowKind)reader.GetByte(1), reader.GetInt64(0), true, RowWriter.Utf8.GetBytes(reader.GetString(2))),
            account.Value, from, to);
}
