using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Objects.Rows;

/// <summary>
/// Changes an account's rows within one transaction, and keeps true what must hold with them: the set digest, the contents'
/// counts of references, the tombstones that a follower needs. Both a command and a move's copy change rows only here.
/// Call <see cref="Settle"/> last.
/// </summary>
internal sealed class RowChanges(AccountTransaction transaction)
{
    // Counts of references change by these; and contents that came, not stored before their count is known.
    private readonly Dictionary<string, long> _references = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (ContentRow Row, bool IsNew)> _contents = new(StringComparer.Ordinal);

    private readonly bool _isFollowed = transaction.Row?.Pulling is not null;

    public AccountTransaction Transaction => transaction;

    public Sql Sql => transaction.Sql;

    public AccountId Account => transaction.Account;

    public void Put<T>(T row)
        where T : class, IStoredRow<T>
    {
        transaction.Digest([], row.Encode());
        PutDigested(row);
    }

    /// <summary>The same for a row whose element is in the digest already. That of a row that it replaces goes out.</summary>
    public void PutDigested<T>(T row)
        where T : class, IStoredRow<T>
    {
        if (row.TryAdd(Sql, Account))
        {
            Count(default, row.Holds);
            Refer(row.Pieces, 1);
            return;
        }

        var before = T.Find(Sql, Account, row.Key)!;
        var bytesBefore = before.Encode();
        transaction.Digest(bytesBefore, []);
        if (bytesBefore.AsSpan().SequenceEqual(row.Encode()))
        {
            return;
        }

        row.Replace(Sql, Account);
        Count(before.Holds, row.Holds);
        Refer(row.Pieces, 1);
        Refer(before.Pieces, -1);
    }

    /// <param name="seq">Of the deletion.</param>
    public void Delete<T>(T row, long seq)
        where T : class, IStoredRow<T>
    {
        row.Remove(Sql, Account);
        transaction.Digest(row.Encode(), []);
        Count(row.Holds, default);
        Refer(row.Pieces, -1);
        Bury(T.Kind, seq, row.Key);
    }

    /// <summary>A content that a move copied; it may be here already.</summary>
    public void Put(ContentRow content) => _contents[content.Id] = (content, false);

    /// <summary>A content that a client sent. One of the same id must not be here: ids are never reused.</summary>
    public void Add(ContentRow content) => _contents.Add(content.Id, (content, true));

    /// <summary>Brings the counts of references up to date.</summary>
    /// <returns>The contents that were referred to and no longer are; their rows are still there.</returns>
    /// <exception cref="InvalidRowException">A row refers to a content that is not here.</exception>
    public IReadOnlyList<string> SettleReferences()
    {
        foreach (var (content, isNew) in _contents.Values)
        {
            _references.Remove(content.Id, out var references);
            Store(content, isNew, references);
        }

        var unreferenced = new List<string>();
        foreach (var (contentId, change) in _references)
        {
            if (change != 0 && Count(contentId, change) == 0)
            {
                unreferenced.Add(contentId);
            }
        }

        _contents.Clear();
        _references.Clear();
        return unreferenced;
    }

    /// <summary>Ends a command: contents that nothing refers to any more go with it.</summary>
    public void Settle(long seq)
    {
        foreach (var contentId in SettleReferences())
        {
            Drop(contentId);
            Bury(RowKind.Content, seq, contentId);
        }
    }

    /// <summary>
    /// Deletes a content's row, unless rows still refer to it. That its file is to be deleted is recorded in the same
    /// transaction, and done after it.
    /// </summary>
    public void Drop(string contentId)
    {
        var references = Sql.Scalar<long?>(
            "SELECT refs FROM content WHERE account = @p1 AND content = @p2", Account.Value, contentId);
        if (references != 0)
        {
            return;
        }

        Sql.Execute(
            """
            INSERT INTO discard (account, content)
            SELECT account, content FROM content WHERE account = @p1 AND content = @p2 AND inline IS NULL
            ON CONFLICT (account, content) DO NOTHING
            """,
            Account.Value, contentId);
        Sql.Execute("DELETE FROM content WHERE account = @p1 AND content = @p2", Account.Value, contentId);
    }

    private void Count(RowSize before, RowSize after)
    {
        if (before != after)
        {
            transaction.Count(after.Versions - before.Versions, after.Bytes - before.Bytes);
        }
    }

    private void Refer(IReadOnlyList<ContentPiece> pieces, int by)
    {
        foreach (var piece in pieces)
        {
            _references[piece.ContentId] = _references.GetValueOrDefault(piece.ContentId) + by;
        }
    }

    private void Store(ContentRow content, bool isNew, long references)
    {
        const string insert =
            "INSERT INTO content (account, content, seq, length, refs, inline) VALUES (@p1, @p2, @p3, @p4, @p5, @p6)";
        const string replace =
            """
             ON CONFLICT (account, content) DO UPDATE SET seq = excluded.seq, length = excluded.length,
              refs = content.refs + excluded.refs, inline = excluded.inline
            """;
        Sql.Execute(
            isNew ? insert : insert + replace,
            Account.Value, content.Id, content.Seq, content.LengthBytes, references, content.IsInline ? (object)content.Inline : null);
    }

    private long Count(string contentId, long change)
    {
        var references = Sql.Scalar<long?>(
            "UPDATE content SET refs = refs + @p3 WHERE account = @p1 AND content = @p2 RETURNING refs",
            Account.Value, contentId, change);
        return references is >= 0
            ? references.Value
            : throw new InvalidRowException(
                $"Content {contentId} is referred to by rows but not stored here. Erase this copy and start the move again.");
    }

    private void Bury(RowKind kind, long seq, string key)
    {
        if (!_isFollowed)
        {
            return;
        }

        Sql.Execute(
            """
            INSERT INTO tombstone (account, seq, kind, name) VALUES (@p1, @p2, @p3, @p4)
            ON CONFLICT (account, seq, kind, name) DO NOTHING
            """,
            Account.Value, seq, (int)kind, key);
    }
}
