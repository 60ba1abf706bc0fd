using Domicile.Accounts;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects.Listing;

/// <summary>Current versions that are no delete markers.</summary>
internal sealed class ObjectCursor(Sql sql, AccountId account, string bucket, KeyWalk walk) : KeyCursor<VersionRow>(walk)
{
    public static ObjectPage List(Sql sql, AccountId account, ObjectQuery query)
    {
        var walk = new KeyWalk(query.Prefix, query.Delimiter, query.After);
        var page = new ObjectCursor(sql, account, query.Bucket, walk).Collect(query.PageSize);
        return new ObjectPage(
            [.. page.Rows.Select(row => row.ToVersion())], page.CommonPrefixes, page.IsTruncated ? page.LastKey : null);
    }

    // The condition is that of the index version_current, word for word, or SQLite does not use it.
    protected override IReadOnlyList<VersionRow> Fetch(int countMax)
        => sql.List(
            $"{VersionRow.Select} WHERE account = @p1 AND bucket = @p2 AND {Walk.Condition} AND latest = 1 AND marker = 0 "
            + "ORDER BY name LIMIT @p5",
            VersionRow.Read, account.Value, bucket, Walk.Lower, Walk.Until, countMax);

    protected override string KeyOf(VersionRow row) => row.Name;
}
