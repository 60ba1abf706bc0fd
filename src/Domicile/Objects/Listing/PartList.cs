using Domicile.Accounts;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects.Listing;

/// <summary>An upload's parts by number.</summary>
internal static class PartList
{
    public static PartPage Of(Sql sql, AccountId account, string uploadId, int afterNumber, int pageSize)
    {
        var size = Math.Clamp(pageSize, 0, ObjectLimits.PageMax);
        var rows = PartRow.List(sql, account, uploadId, afterNumber, size + 1);
        var page = rows.Take(size).Select(row => row.ToPart()).ToList();
        return new PartPage(page, page.Count > 0 && rows.Count > size ? page[^1].Number : null);
    }
}
