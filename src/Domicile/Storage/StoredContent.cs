using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>A content as its row describes it.</summary>
/// <param name="LengthBytes">Plain bytes.</param>
/// <param name="Inline">The encrypted frames of a short one, never none; empty where they are in a file.</param>
internal sealed record StoredContent(string ContentId, long LengthBytes, ReadOnlyMemory<byte> Inline)
{
    public bool IsInline => !Inline.IsEmpty;

    /// <returns>Null where no row has the id.</returns>
    public static StoredContent? Find(Sql sql, AccountId account, string contentId) => sql.Single(
        "SELECT content, length, inline FROM content WHERE account = @p1 AND content = @p2",
        row => new StoredContent(row.GetString(0), row.GetInt64(1), row.GetBytes(2)),
        account.Value, contentId);
}
