using Xunit;

namespace Domicile.Tests.Objects;

/// <summary>Whole listings, collected page by page. Common prefixes end in <c>|</c>.</summary>
internal static class Pages
{
    public static async Task<List<string>> ObjectsAsync(
        TestAccount account, string bucket, string prefix, string delimiter, int pageSize)
    {
        var names = new List<string>();
        string? after = null;
        do
        {
            var page = await account.List(bucket, prefix, delimiter, after, pageSize);
            Assert.InRange(page.Objects.Count + page.CommonPrefixes.Count, after is null ? 0 : 1, pageSize);
            names.AddRange(Merge(page.Objects.Select(o => (o.Key, o.Key)), page.CommonPrefixes));
            after = page.NextAfter;
        }
        while (after is not null);

        return names;
    }

    public static async Task<List<string>> VersionsAsync(
        TestAccount account, string bucket, string prefix, string delimiter, int pageSize)
    {
        var names = new List<string>();
        (string? Key, string? VersionId) marker = default;
        do
        {
            var page = await account.ListVersions(bucket, prefix, delimiter, marker.Key, marker.VersionId, pageSize);
            Assert.InRange(page.Versions.Count + page.CommonPrefixes.Count, marker.Key is null ? 0 : 1, pageSize);
            names.AddRange(Merge(page.Versions.Select(v => (v.Key, $"{v.Key}#{v.VersionId}")), page.CommonPrefixes));
            marker = (page.NextKeyMarker, page.NextVersionIdMarker);
        }
        while (marker.Key is not null);

        return names;
    }

    // Stable: a key's versions stay in the order they were listed in.
    private static IEnumerable<string> Merge(IEnumerable<(string Key, string Name)> rows, IEnumerable<string> commonPrefixes)
        => rows.Concat(commonPrefixes.Select(prefix => (Key: prefix, Name: $"{prefix}|")))
            .OrderBy(row => row.Key, Comparer<string>.Create(ReferenceModel.CompareBytes))
            .Select(row => row.Name);
}
