using Domicile.Accounts;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects.Listing;

/// <summary>Buckets in the order of their names.</summary>
internal static class BucketList
{
    public static List<Bucket> Of(Sql sql, AccountId account, string prefix, string? after, int pageSize)
    {
        var walk = new KeyWalk(prefix, "", after);
        var rows = sql.List(
            $"{BucketRow.Select} WHERE account = @p1 AND {walk.Condition} ORDER BY name LIMIT @p2",
            BucketRow.Read, account.Value, Math.Clamp(pageSize, 0, ObjectLimits.BucketsMax), walk.Lower, walk.Until);
        return [.. rows.Select(row => row.ToBucket())];
    }
}
