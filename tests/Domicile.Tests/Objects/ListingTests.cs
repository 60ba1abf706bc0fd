using Domicile.Objects;
using Domicile.Objects.Listing;
using Xunit;

namespace Domicile.Tests.Objects;

public sealed class ListingTests
{
    private static readonly string[] Keys =
        ["a", "a--b", "a--b--c", "a-b", "b", "b--\ufffd", "b--\U0001F600", "c\ud7ff--x", "\ue000", "\U0010FFFF--\U0010FFFF"];

    [Fact]
    public async Task Keys_are_in_the_order_of_their_utf8()
    {
        await using var account = await CreateAsync("\U0001F600", "\uffff", "a\0b", "a", "a\u0001", "\ue000");
        Assert.Equal(
            ["a", "a\0b", "a\u0001", "\ue000", "\uffff", "\U0001F600"],
            (await account.List("docs")).Objects.Select(o => o.Key));
    }

    [Fact]
    public async Task A_delimiter_of_several_characters_rolls_up()
    {
        await using var account = await CreateAsync(Keys);
        var page = await account.List("docs", delimiter: "--");
        Assert.Equal(["a", "a-b", "b", "\ue000"], page.Objects.Select(o => o.Key));
        Assert.Equal(["a--", "b--", "c\ud7ff--", "\U0010FFFF--"], page.CommonPrefixes);

        page = await account.List("docs", prefix: "a--", delimiter: "--");
        Assert.Equal(["a--b"], page.Objects.Select(o => o.Key));
        Assert.Equal(["a--b--"], page.CommonPrefixes);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("", "--")]
    [InlineData("", "-")]
    [InlineData("a", "--")]
    [InlineData("a--", "--")]
    [InlineData("", "b")]
    [InlineData("\U0010FFFF", "")]
    [InlineData("none", "--")]
    public async Task Every_page_size_gives_the_same_listing(string prefix, string delimiter)
    {
        await using var account = await CreateAsync(Keys);
        await account.Put("docs", "a", "2");
        await account.Delete("docs", "b");
        var objects = await Pages.ObjectsAsync(account, "docs", prefix, delimiter, 1000);
        var versions = await Pages.VersionsAsync(account, "docs", prefix, delimiter, 1000);
        for (var size = 1; size <= versions.Count + 1; size++)
        {
            Assert.Equal(objects, await Pages.ObjectsAsync(account, "docs", prefix, delimiter, size));
            Assert.Equal(versions, await Pages.VersionsAsync(account, "docs", prefix, delimiter, size));
        }
    }

    [Fact]
    public async Task A_page_of_nothing_is_the_last()
    {
        await using var account = await CreateAsync(Keys);
        var page = await account.List("docs", pageSize: 0);
        Assert.Empty(page.Objects);
        Assert.Null(page.NextAfter);
    }

    [Theory]
    [InlineData("a", "a--b,a--b--c,a-b,b")]
    [InlineData("a--b--zz", "a-b,b")]
    [InlineData("", "a,a--b,a--b--c,a-b,b")]
    [InlineData("zz", "")]
    public async Task A_listing_may_start_after_any_text(string after, string expected)
    {
        await using var account = await CreateAsync("a", "a--b", "a--b--c", "a-b", "b");
        var page = await account.List("docs", after: after);
        Assert.Equal(expected, string.Join(',', page.Objects.Select(o => o.Key)));
    }

    [Fact]
    public async Task After_a_common_prefix_all_that_is_below_it_is_skipped()
    {
        await using var account = await CreateAsync("a/1", "a/2", "b", "c/1");
        var page = await account.List("docs", delimiter: "/", after: "a/");
        Assert.Equal(["b"], page.Objects.Select(o => o.Key));
        Assert.Equal(["c/"], page.CommonPrefixes);
    }

    [Fact]
    public async Task Versions_go_on_after_a_marker_that_has_been_deleted_since()
    {
        await using var account = await CreateAsync("k", "k", "k", "l");
        var first = await account.ListVersions("docs", pageSize: 2);
        foreach (var version in first.Versions)
        {
            await account.Delete("docs", "k", version.VersionId);
        }

        var rest = await account.ListVersions("docs", key: first.NextKeyMarker, versionId: first.NextVersionIdMarker);

        Assert.Equal(["k", "l"], rest.Versions.Select(v => v.Key));
    }

    [Fact]
    public async Task Uploads_are_paged_by_key_and_id()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        string[] keys = ["a", "a", "b/1", "b/2", "c", "c"];
        for (var i = 0; i < keys.Length; i++)
        {
            await account.Run(new CreateUpload(
                "docs", keys[i], new string('a', 31) + (char)('z' - i), new ObjectHeaders(), TestAccount.NoTags, null, false));
        }

        await using var copy = account.OpenCopy();
        for (var size = 1; size <= 6; size++)
        {
            var listed = new List<string>();
            (string? Key, string? Id) marker = default;
            do
            {
                var page = await copy.ListUploadsAsync(
                    new UploadQuery("docs", "", "/", marker.Key, marker.Id, size), TestContext.Current.CancellationToken);
                listed.AddRange(page.Uploads.Select(u => $"{u.Key}{u.UploadId[^1]}").Concat(page.CommonPrefixes));
                marker = (page.NextKeyMarker, page.NextUploadIdMarker);
            }
            while (marker.Key is not null);

            Assert.Equal(["ay", "az", "b/", "cu", "cv"], listed.Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("a/", "a0")]
    [InlineData("\ud7ff", "\ue000")]
    [InlineData("a\U0010FFFF\U0010FFFF", "b")]
    [InlineData("\uffff", "\U00010000")]
    [InlineData("\U0010FFFF", null)]
    [InlineData("", null)]
    public void The_successor_of_a_prefix_is_the_next_text_that_does_not_have_it(string prefix, string? successor)
        => Assert.Equal(successor, KeyWalk.Successor(prefix));

    /// <summary>An index seek each, never a sort or a scan of the bucket.</summary>
    [Theory]
    [InlineData("SELECT name FROM version WHERE account = '' AND bucket = '' AND name > 'a' AND name < 'b' AND latest = 1 AND marker = 0 ORDER BY name LIMIT 5", "version_current (account=? AND bucket=? AND name>? AND name<?)")]
    [InlineData("SELECT * FROM version WHERE account = '' AND bucket = '' AND name = 'a' AND born < 5 ORDER BY born DESC LIMIT 5", "(account=? AND bucket=? AND name=? AND born<?)")]
    [InlineData("SELECT * FROM upload WHERE account = '' AND bucket = '' AND (name, upload) > ('a', 'b') AND name < 'c' ORDER BY name, upload LIMIT 5", "(account=? AND bucket=? AND (name,upload)>(?,?) AND name<?)")]
    [InlineData("SELECT seq FROM version WHERE account = '' AND seq > 5 ORDER BY seq LIMIT 5", "COVERING INDEX version_seq (account=? AND seq>?)")]
    [InlineData("SELECT content FROM content WHERE account = '' AND refs = 0", "INDEX content_unreferenced")]
    public async Task Queries_seek(string sql, string plan)
    {
        await using var account = await TestAccount.CreateAsync();
        var steps = account.Store.Read(s => s.List($"EXPLAIN QUERY PLAN {sql}", reader => reader.GetString(3)));
        Assert.Contains(plan, Assert.Single(steps), StringComparison.Ordinal);
    }

    private static async Task<TestAccount> CreateAsync(params string[] keys)
    {
        var account = await TestAccount.CreateAsync(Versioning.Enabled, "docs");
        foreach (var key in keys)
        {
            await account.Put("docs", key, "1");
        }

        return account;
    }
}
