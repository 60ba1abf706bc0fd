using Domicile.Accounts;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects.Listing;

/// <summary>Uploads under way: keys in order, each key's uploads in the order of their ids.</summary>
internal sealed class UploadCursor(Sql sql, AccountId account, string bucket, KeyWalk walk) : KeyCursor<UploadRow>(walk)
{
    // Inside of a key: its uploads after this are still to come. Null between keys.
    private string? _key;
    private string _upload = "";

    public static UploadPage List(Sql sql, AccountId account, UploadQuery query)
    {
        var walk = new KeyWalk(query.Prefix, query.Delimiter, query.KeyMarker);
        var cursor = new UploadCursor(sql, account, query.Bucket, walk);
        if (walk.StartsInRange && query.UploadIdMarker is not null)
        {
            (cursor._key, cursor._upload) = (query.KeyMarker, query.UploadIdMarker);
        }

        var page = cursor.Collect(query.PageSize);
        return new UploadPage(
            [.. page.Rows.Select(row => row.ToUpload())], page.CommonPrefixes,
            page.IsTruncated ? page.LastKey : null, page.IsTruncated ? page.Last?.UploadId : null);
    }

    protected override IReadOnlyList<UploadRow> Fetch(int countMax)
        => _key is null
            ? sql.List(
                $"{UploadRow.Select} WHERE account = @p1 AND bucket = @p2 AND {Walk.Condition} ORDER BY name, upload LIMIT @p5",
                UploadRow.Read, account.Value, bucket, Walk.Lower, Walk.Until, countMax)
            : sql.List(
                $"{UploadRow.Select} WHERE account = @p1 AND bucket = @p2 AND (name, upload) > (@p3, @p5)"
                + $"{Walk.UntilCondition} ORDER BY name, upload LIMIT @p6",
                UploadRow.Read, account.Value, bucket, _key, Walk.Until, _upload, countMax);

    protected override string KeyOf(UploadRow row) => row.Name;

    protected override void PassBy(UploadRow row)
    {
        base.PassBy(row);
        (_key, _upload) = (row.Name, row.UploadId);
    }

    protected override void SkipBelow(string commonPrefix)
    {
        base.SkipBelow(commonPrefix);
        _key = null;
    }
}
