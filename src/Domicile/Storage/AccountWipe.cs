using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>Deletes an account's rows: all but its own row and the records of moves, which say what became of it.</summary>
internal static class AccountWipe
{
    // By key and not by rowid: the same statements run on PostgreSQL.
    private static readonly (string Table, string Key)[] Tables =
    [
        ("bucket", "name"),
        ("version", "bucket, name, born"),
        ("upload", "bucket, name, upload"),
        ("part", "upload, number"),
        ("credential", "access_key"),
        ("revoked_key", "access_key"),
        ("content", "content"),
        ("tombstone", "seq, kind, name"),
        ("discard", "content"),
        ("rekey", "account"),
    ];

    private static readonly string[] Statements =
    [
        .. Tables.Select(one => Deletion(one.Table, one.Key)),

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

    /// <summary>How many there are to delete.</summary>
    public static long Count(Sql sql, AccountId account)
        => Tables.Sum(one => sql.Scalar<long>($"SELECT count(*) FROM {one.Table} WHERE account = @p1", account.Value))
            + sql.Scalar<long>("SELECT count(*) FROM attempt WHERE account = @p1 AND length(result) > 0", account.Value);

    private static string Deletion(string table, string key)
        => $"DELETE FROM {table} WHERE account = @p1 AND ({key}) IN (SELECT {key} FROM {table} WHERE account = @p1 LIMIT @p2) "
            + "AND @p3 IS NOT NULL";
}
