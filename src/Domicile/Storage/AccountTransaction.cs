using Domicile.Accounts;
using Domicile.Proofs;

namespace Domicile.Storage;

/// <summary>
/// A write transaction on an account's database, with what a change of its rows must keep true. Several writes share one:
/// each sees those before it, and one that fails is undone alone. Valid only while the work that got it runs.
/// </summary>
internal sealed class AccountTransaction
{
    private readonly TimeProvider _time;
    private readonly Func<StoredRing?> _findRing;
    private readonly byte[] _digestBefore = new byte[SetDigest.LengthBytes];

    // What the writes so far have made of the account; _before is what the write that runs now found.
    private State _now;
    private State _before;
    private SetDigest? _digest;
    private readonly AccountRow? _first;
    private readonly long _commitsKnown;

    /// <param name="commitsKnown">Where there is no row: commits that the account has had here all the same; its row goes on there.</param>
    public AccountTransaction(
        Sql sql, AccountId account, AccountRow? row, long commitsKnown, Func<StoredRing?> findRing, TimeProvider time)
    {
        (_first, _commitsKnown) = (row, commitsKnown);
        Sql = sql;
        Account = account;
        Now = time.GetUtcNow();
        _time = time;
        _findRing = findRing;
        _now = new State(row, RingChange: null, IsDigestDirty: false);
        _before = _now;
    }

    public Sql Sql { get; }

    public AccountId Account { get; }

    /// <summary>The account's row as this transaction sees it; null where there is none.</summary>
    public AccountRow? Row => _now is { IsDigestDirty: true, Row: { } row } ? row with { Digest = _digest!.ToBytes() } : _now.Row;

    /// <summary>When the transaction's work began.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>The account's keys as this transaction leaves them; null where there is none. Unwraps them only if asked for.</summary>
    public StoredRing? Ring => _now.RingChange is { } change ? change.Ring : _findRing();

    /// <summary>Whether the row is another than before, and its commits are counted.</summary>
    public bool HasChangedRow => !ReferenceEquals(_now.Row, _first);

    /// <summary>What this transaction did to the account's keys; null where it left them alone.</summary>
    public RingChange? RingChange => _now.RingChange;

    /// <summary>
    /// The fence: numbers a write if the account is active here in this epoch, in one statement.
    /// </summary>
    /// <returns>The write's seq; null where the account isn't writable here, now: change nothing.</returns>
    public long? Fence(long epoch)
    {
        var seq = Sql.Scalar<long>(
            "UPDATE account SET seq = seq + 1 WHERE account = @p1 AND epoch = @p2 AND state = 1 RETURNING seq",
            Account.Value, epoch);
        if (seq == 0)
        {
            return null;
        }

        Invariant.Check(_now.Row is not null && seq == _now.Row.Seq + 1);
        _now = _now with { Row = _now.Row with { Seq = seq } };
        return seq;
    }

    /// <summary>
    /// Replaces the account's row, but neither its seq nor its digest and counts, or makes it, with them.
    /// </summary>
    public void PutRow(AccountRow row)
    {
        Invariant.Check(row.Account == Account && row.Digest.Length == SetDigest.LengthBytes);
        if (_now.Row is { } old)
        {
            AccountRows.Update(Sql, row);
            _now = _now with
            {
                Row = row with
                {
                    Seq = old.Seq,
                    Digest = old.Digest,
                    Versions = old.Versions,
                    Bytes = old.Bytes,
                    Commits = old.Commits,
                },
            };
            return;
        }

        AccountRows.Insert(Sql, row, Now);
        _digest = null;
        _now = _now with { Row = row with { Commits = _commitsKnown }, IsDigestDirty = false };
    }

    /// <summary>Sets the seq alone: at a target, that of the source's last change stored here.</summary>
    public void SetSeq(long seq)
    {
        Invariant.Check(_now.Row is not null && seq >= 0);
        Sql.Execute("UPDATE account SET seq = @p2 WHERE account = @p1", Account.Value, seq);
        _now = _now with { Row = _now.Row with { Seq = seq } };
    }

    /// <summary>Sets both at once, and the counts to 0: where a copy begins empty, or is wiped.</summary>
    /// <param name="digest">Exactly 2,048 bytes.</param>
    public void SetSeqAndDigest(long seq, ReadOnlySpan<byte> digest)
    {
        SetSeq(seq);
        _digest = SetDigest.FromBytes(digest);
        _now = _now with { Row = _now.Row! with { Versions = 0, Bytes = 0 }, IsDigestDirty = true };
    }

    /// <summary>Versions or parts came or went. Goes with the digest of the same rows.</summary>
    public void Count(long versions, long bytes)
    {
        var row = _now.Row!;
        Invariant.Check(_now.IsDigestDirty && row.Versions + versions >= 0 && row.Bytes + bytes >= 0);
        _now = _now with { Row = row with { Versions = row.Versions + versions, Bytes = row.Bytes + bytes } };
    }

    /// <summary>Rows of the account came to be, or will before the transaction ends.</summary>
    /// <param name="added">The digest of the set of their canonical bytes.</param>
    public void Digest(SetDigest added)
    {
        BeginDigest().Combine(added);
        _now = _now with { IsDigestDirty = true };
    }

    /// <summary>A row of the account came to be or changed: its element goes into the digest, the old one's out.</summary>
    /// <param name="before">Canonical bytes of the row that it replaces; empty where there was none.</param>
    /// <param name="after">Canonical bytes of the new row; empty where it was deleted.</param>
    public void Digest(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        var digest = BeginDigest();
        if (!before.IsEmpty)
        {
            digest.Remove(before);
        }

        if (!after.IsEmpty)
        {
            digest.Add(after);
        }

        _now = _now with { IsDigestDirty = true };
    }

    /// <summary>Stores the account's wrapped keys, or with null destroys all of them.</summary>
    public void PutRing(StoredRing? ring)
    {
        Invariant.Check(_now.Row is not null && (ring is null || ring.Wrapped.Count == ring.Ring.Keys.Length));
        AccountRows.PutKeys(Sql, Account, ring?.Wrapped ?? []);
        _now = _now with { RingChange = new RingChange(ring) };
    }

    /// <summary>A write begins; what it does can be undone until the next one begins.</summary>
    public void Begin()
    {
        Now = _time.GetUtcNow();
        _before = _now;
        _digest?.CopyTo(_digestBefore);
    }

    /// <summary>The write failed, and its statements were rolled back: so is what was kept of it here.</summary>
    public void Undo()
    {
        _now = _before;
        _digest = _now.IsDigestDirty ? SetDigest.FromBytes(_digestBefore) : null;
    }

    /// <summary>Writes the digest and counts the commit, once for all writes. The commit follows.</summary>
    public void Finish()
    {
        if (!HasChangedRow)
        {
            return;
        }

        var row = _now.Row!;
        row = row with { Commits = row.Commits + 1 };
        if (!_now.IsDigestDirty)
        {
            Sql.Execute("UPDATE account SET commits = @p2 WHERE account = @p1", Account.Value, row.Commits);
            _now = _now with { Row = row };
            return;
        }

        var bytes = _digest!.ToBytes();
        Sql.Execute(
            "UPDATE account SET digest = @p2, versions = @p3, bytes = @p4, commits = @p5 WHERE account = @p1",
            Account.Value, bytes, row.Versions, row.Bytes, row.Commits);
        _now = _now with { Row = row with { Digest = bytes }, IsDigestDirty = false };
    }

    private SetDigest BeginDigest()
    {
        Invariant.Check(_now.Row is not null);
        return _digest ??= SetDigest.FromBytes(_now.Row.Digest.Span);
    }

    private readonly record struct State(AccountRow? Row, RingChange? RingChange, bool IsDigestDirty);
}
