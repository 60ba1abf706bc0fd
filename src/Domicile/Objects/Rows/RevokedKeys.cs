using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Objects.Rows;

/// <summary>
/// The access keys that were last revoked in this region. No row of the account: it is neither digested nor moved, and
/// decides nothing but what the security log says of a request.
/// </summary>
internal static class RevokedKeys
{
    public static void Remember(Sql sql, AccountId account, string accessKeyId, long seq)
    {
        sql.Execute(
            """
            INSERT INTO revoked_key (account, access_key, seq) VALUES (@p1, @p2, @p3)
            ON CONFLICT (account, access_key) DO UPDATE SET seq = excluded.seq
            """,
            account.Value, accessKeyId, seq);
        sql.Execute(
            """
            DELETE FROM revoked_key WHERE account = @p1 AND access_key NOT IN (
              SELECT access_key FROM revoked_key WHERE account = @p1 ORDER BY seq DESC LIMIT @p2)
            """,
            account.Value, (long)ObjectLimits.RevokedKeysMax);
    }

    public static bool Has(Sql sql, AccountId account, string accessKeyId)
        => sql.Scalar<long>(
            "SELECT count(*) FROM revoked_key WHERE account = @p1 AND access_key = @p2", account.Value, accessKeyId) > 0;
}
