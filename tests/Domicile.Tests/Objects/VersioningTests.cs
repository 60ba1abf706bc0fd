using Domicile.Objects;
using Xunit;

namespace Domicile.Tests.Objects;

/// <summary>S3's versioning, after AWS's user guide, "Retaining multiple versions of objects with S3 Versioning".</summary>
public sealed class VersioningTests
{
    [Fact]
    public async Task A_bucket_that_is_not_versioned_keeps_one_version_with_id_null()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        Assert.Null((await account.Put("docs", "k", "1")).VersionId);
        await account.Put("docs", "k", "22");

        var version = Assert.Single((await account.ListVersions("docs")).Versions);
        Assert.Equal(("null", "etag22", 2, true), (version.VersionId, version.ETag, version.SizeBytes, version.IsLatest));
    }

    [Fact]
    public async Task What_was_there_before_versioning_stays_as_the_null_version()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await account.Put("docs", "k", "1");
        await account.Run(new PutBucketVersioning("docs", Versioning.Enabled));
        var second = await account.Put("docs", "k", "2");

        Assert.Equal(
            [(second.VersionId!, true), ("null", false)],
            (await account.ListVersions("docs")).Versions.Select(v => (v.VersionId, v.IsLatest)));
        Assert.Equal("etag1", (await account.Find("docs", "k", "null"))!.ETag);
        Assert.Equal(32, second.VersionId!.Length);
    }

    [Fact]
    public async Task A_suspended_bucket_replaces_its_null_version_wherever_it_lies_and_keeps_the_named_ones()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await account.Put("docs", "k", "old null");
        await account.Run(new PutBucketVersioning("docs", Versioning.Enabled));
        var named = await account.Put("docs", "k", "named");
        await account.Run(new PutBucketVersioning("docs", Versioning.Suspended));

        var written = await account.Put("docs", "k", "new null");

        Assert.Equal("null", written.VersionId);
        Assert.Equal(
            [("null", "etagnew null", true), (named.VersionId!, "etagnamed", false)],
            (await account.ListVersions("docs")).Versions.Select(v => (v.VersionId, v.ETag, v.IsLatest)));
    }

    [Fact]
    public async Task Deleting_in_a_suspended_bucket_removes_the_null_version_and_leaves_a_null_marker()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Enabled, "docs");
        var named = await account.Put("docs", "k", "named");
        await account.Run(new PutBucketVersioning("docs", Versioning.Suspended));
        await account.Put("docs", "k", "null");

        Assert.Equal(new CommandResult.ObjectDeleted("null", true), await account.Delete("docs", "k"));

        Assert.Equal(
            [("null", true), (named.VersionId!, false)],
            (await account.ListVersions("docs")).Versions.Select(v => (v.VersionId, v.IsDeleteMarker)));
        Assert.Empty((await account.List("docs")).Objects);
    }

    [Fact]
    public async Task Deleting_in_a_versioned_bucket_adds_a_marker_even_where_nothing_was()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Enabled, "docs");

        var deleted = Assert.IsType<CommandResult.ObjectDeleted>(await account.Delete("docs", "never"));

        Assert.True(deleted.IsDeleteMarker);
        var marker = Assert.Single((await account.ListVersions("docs")).Versions);
        Assert.Equal((deleted.VersionId, true, true), (marker.VersionId, marker.IsDeleteMarker, marker.IsLatest));
        Assert.Equal("BucketNotEmpty", await account.CodeOf(new DeleteBucket("docs")));
    }

    [Fact]
    public async Task Deleting_the_marker_brings_the_object_back()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Enabled, "docs");
        var put = await account.Put("docs", "k", "1");
        var marker = Assert.IsType<CommandResult.ObjectDeleted>(await account.Delete("docs", "k"));
        Assert.True((await account.Find("docs", "k"))!.IsDeleteMarker);

        Assert.Equal(marker with { IsDeleteMarker = true }, await account.Delete("docs", "k", marker.VersionId));

        var current = (await account.Find("docs", "k"))!;
        Assert.Equal((put.VersionId, true), (current.VersionId, current.IsLatest));
        Assert.Single((await account.List("docs")).Objects);
    }

    [Fact]
    public async Task Deleting_the_newest_version_makes_the_next_one_current()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Enabled, "docs");
        var first = await account.Put("docs", "k", "1");
        var second = await account.Put("docs", "k", "2");

        Assert.Equal(
            new CommandResult.ObjectDeleted(second.VersionId, false), await account.Delete("docs", "k", second.VersionId));

        Assert.Equal([first.VersionId!], (await account.List("docs")).Objects.Select(o => o.VersionId));
    }

    [Fact]
    public async Task Deleting_what_is_not_there_succeeds_and_changes_nothing()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        var seq = account.Store.Row!.Seq;

        Assert.Equal(new CommandResult.ObjectDeleted(null, false), await account.Delete("docs", "k"));
        Assert.Equal(new CommandResult.ObjectDeleted("null", false), await account.Delete("docs", "k", "null"));
        Assert.Equal(new CommandResult.ObjectDeleted("x", false), await account.Delete("docs", "k", "x"));

        Assert.Equal(seq, account.Store.Row!.Seq);
    }

    [Fact]
    public async Task A_key_that_is_deleted_twice_in_one_request_gets_two_markers()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Enabled, "docs");
        var command = new DeleteObjects("docs", [New("k"), New("l"), New("k")]);

        var outcomes = Assert.IsType<CommandResult.ObjectsDeleted>(await account.Run(command)).Outcomes;

        Assert.Equal(["k", "l", "k"], outcomes.Select(o => o.Key));
        Assert.Equal(
            [outcomes[2].VersionId!, outcomes[0].VersionId!, outcomes[1].VersionId!],
            (await account.ListVersions("docs")).Versions.Select(v => v.VersionId));

        static ObjectToDelete New(string key) => new(key, null, WriteConditions.None);
    }

    [Fact]
    public async Task Versioning_can_be_suspended_but_never_taken_back()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Enabled, "docs");
        var off = new PutBucketVersioning("docs", Versioning.Off);
        Assert.Equal("IllegalVersioningConfigurationException", await account.CodeOf(off));
    }

    [Fact]
    public async Task A_versions_time_is_never_before_that_of_an_older_one()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Enabled, "docs");
        await account.Put("docs", "k", "1");
        var future = DateTimeOffset.FromUnixTimeSeconds(33_000_000_000);
        await account.Change(transaction => transaction.Sql.Execute(
            "UPDATE version SET modified_ms = @p1", future.ToUnixTimeMilliseconds()));

        Assert.Equal(future, (await account.Put("docs", "k", "2")).ModifiedAt);
    }
}
