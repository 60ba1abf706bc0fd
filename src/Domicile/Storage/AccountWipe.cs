namespace Domicile.Storage;

/// <summary>Deletes an account's rows: all but its own row and the records of moves, which say what became of it.</summary>
internal static class AccountWipe
{
    // By key and not by rowid: the same statements run on PostgreSQL.
    private static readonly string[] Statements =
    [
        Deletion("bucket", "name"),
        Deletion("version", "bucket, name, born"),
        Deletion("upload", "bucket, name, upload"),
        Deletion("part", "upload, number"),
        Deletion("credential", "access_key"),
        Deletion("content", "content"),
        Deletion("tombstone", "seq, kind, name"),
        Deletion("discard", "content"),

        // An attempt that was answered must never be applied again, so its id and epoch stay.
        """
        UPDATE attempt SET result = @p3 WHERE account = @p1 AND attempt IN (
          SELECT attempt FROM attempt WHERE account = @p1 AND length(result) > 0 LIMIT @p2)
        """,
    ];

    /// <returns>How many rows went, at most <paramref name="atMost"/>; 0 when none is left.</returns>
    public static int DeleteSome(AccountTransaction transaction, int atMost)
    {
        var left = atMost;
        foreach (var statement in Statements)
        {
            left -= transaction.Sql.Execute(statement, transaction.Account.Value, (long)left, Array.Empty<byte>());
            if (left == 0)
            {
                break;
            }
        }

        return atMost - left;
    }

    private static string Deletion(string table, string key)
        => $"DELETE FROM {table} WHERE account = @p1 AND ({key}) IN (SELECT {key} FROM {table} WHERE account = @p1 LIMIT @p2) "
            + "AND @p3 IS NOT NULL";
}
