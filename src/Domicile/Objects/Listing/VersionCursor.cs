using Domicile.Accounts;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects.Listing;

/// <summary>All versions and delete markers: keys in order, each key's newest first.</summary>
internal sealed class VersionCursor(Sql sql, AccountId account, string bucket, KeyWalk walk) : KeyCursor<VersionRow>(walk)
{
    // Inside of a key: its versions born before this are still to come. Null between keys.
    private string? _key;
    private long _born;

    public static VersionPage List(Sql sql, AccountId account, VersionQuery query)
    {
        var walk = new KeyWalk(query.Prefix, query.Delimiter, query.KeyMarker);
        var cursor = new VersionCursor(sql, account, query.Bucket, walk);
        if (walk.StartsInRange && query.VersionIdMarker is not null)
        {
            cursor._key = query.KeyMarker;
            cursor._born = cursor.BornOf(query.KeyMarker!, query.VersionIdMarker);
        }

        var page = cursor.Collect(query.PageSize);
        return new VersionPage(
            [.. page.Rows.Select(row => row.ToVersion())], page.CommonPrefixes,
            page.IsTruncated ? page.LastKey : null, page.IsTruncated ? page.Last?.VersionId : null);
    }

    // Two seeks per key: no index has names up and births down, and a sort would read whole histories.
    protected override IReadOnlyList<VersionRow> Fetch(int countMax)
    {
        var rows = new List<VersionRow>();
        if (_key is not null)
        {
            rows.AddRange(FetchOf(_key, _born, countMax));
        }

        var (lower, isIncluded) = (Walk.Lower, Walk.IsLowerIncluded);
        while (rows.Count < countMax && NextKey(lower, isIncluded) is { } key)
        {
            rows.AddRange(FetchOf(key, long.MaxValue, countMax - rows.Count));
            (lower, isIncluded) = (key, false);
        }

        return rows;
    }

    protected override string KeyOf(VersionRow row) => row.Name;

    protected override void PassBy(VersionRow row)
    {
        base.PassBy(row);
        (_key, _born) = (row.Name, row.Born);
    }

    protected override void SkipBelow(string commonPrefix)
    {
        base.SkipBelow(commonPrefix);
        _key = null;
    }

    private List<VersionRow> FetchOf(string key, long bornBefore, int countMax)
        => sql.List(
            $"{VersionRow.Select} WHERE account = @p1 AND bucket = @p2 AND name = @p3 AND born < @p4 "
            + "ORDER BY born DESC LIMIT @p5",
            VersionRow.Read, account.Value, bucket, key, bornBefore, countMax);

    private string? NextKey(string lower, bool isIncluded)
        => sql.Scalar<string>(
            $"SELECT name FROM version WHERE account = @p1 AND bucket = @p2 AND name {(isIncluded ? ">=" : ">")} @p3"
            + $"{Walk.UntilCondition} ORDER BY name LIMIT 1",
            account.Value, bucket, lower, Walk.Until);

    // The marker may have been deleted since the last page: a named version's born is in its id. Where the null version is
    // gone the key starts anew, for a client that deletes what it lists must not miss what follows.
    private long BornOf(string key, string versionId)
        => VersionIds.TryGetBorn(versionId, out var born) ? born
            : versionId == VersionIds.Null && VersionRow.FindNull(sql, account, bucket, key) is { } row ? row.Born
            : long.MaxValue;
}
