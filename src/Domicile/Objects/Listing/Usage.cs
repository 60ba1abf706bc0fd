using Domicile.Accounts;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects.Listing;

/// <summary>What an account holds. Reads every version's row.</summary>
internal static class Usage
{
    public static AccountUsage Measure(Sql sql, AccountId account)
    {
        var buckets = sql.List($"{BucketRow.Select} WHERE account = @p1", BucketRow.Read, account.Value);
        var categories = buckets.ToDictionary(row => row.Name, row => Categories.Of(row.ToBucket()), StringComparer.Ordinal);
        var usage = categories.Values.Distinct(StringComparer.Ordinal)
            .ToDictionary(category => category, _ => new CategoryUsage(0, 0, 0), StringComparer.Ordinal);
        foreach (var (bucket, held) in MeasureBuckets(sql, account))
        {
            var category = categories.GetValueOrDefault(bucket, Categories.Other);
            var sum = usage.GetValueOrDefault(category, new CategoryUsage(0, 0, 0));
            usage[category] = new CategoryUsage(
                sum.Objects + held.Objects, sum.Versions + held.Versions, sum.Bytes + held.Bytes);
        }

        var uploads = sql.Scalar<long>("SELECT COUNT(*) FROM upload WHERE account = @p1", account.Value);
        return new AccountUsage(usage, (int)Math.Min(uploads, int.MaxValue), MeasureStored(sql, account));
    }

    private static StoredUsage MeasureStored(Sql sql, AccountId account)
    {
        var all = sql.Scalar<long>("SELECT CAST(SUM(length) AS BIGINT) FROM content WHERE account = @p1", account.Value);
        var files = sql.Scalar<long>(
            "SELECT CAST(SUM(length) AS BIGINT) FROM content WHERE account = @p1 AND inline IS NULL", account.Value);
        return new StoredUsage(all, files + (sql.Scalar<long>("PRAGMA page_count") * sql.Scalar<long>("PRAGMA page_size")));
    }

    // Parts of uploads under way are bytes too. What copies share is counted for each of them.
    private static List<(string Bucket, CategoryUsage Held)> MeasureBuckets(Sql sql, AccountId account)
        => sql.List(
            """
            SELECT bucket, CAST(SUM(CASE WHEN latest = 1 AND marker = 0 THEN 1 ELSE 0 END) AS BIGINT), COUNT(*),
              CAST(SUM(size) AS BIGINT)
            FROM version WHERE account = @p1 GROUP BY bucket
            UNION ALL
            SELECT u.bucket, 0, 0, CAST(SUM(p.size) AS BIGINT)
            FROM upload u JOIN part p ON p.account = u.account AND p.upload = u.upload
            WHERE u.account = @p1 GROUP BY u.bucket
            """,
            reader => (reader.GetString(0), new CategoryUsage(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3))),
            account.Value);
}
