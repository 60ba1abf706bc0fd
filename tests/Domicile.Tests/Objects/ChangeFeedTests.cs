using System.Text;
using Domicile.Objects;
using Domicile.Objects.Rows;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Objects;

public sealed class ChangeFeedTests
{
    [Fact]
    public async Task A_row_that_changed_again_comes_once_as_it_is_now()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await account.Run(new PutBucketTags("docs", new Dictionary<string, string> { ["a"] = "b" }));
        await account.Put("docs", "k", "1");

        var batch = Read(account, 0, 100);

        Assert.Equal(
            [(RowKind.Bucket, 2), (RowKind.Content, 3), (RowKind.Version, 3)], batch.Changes.Select(c => (c.Kind, (int)c.Seq)));
        Assert.Equal(3, batch.CompleteUpTo);
    }

    [Fact]
    public async Task A_seq_is_read_whole_however_small_the_limits()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Enabled, "docs");
        await account.Run(new DeleteObjects("docs", [.. Enumerable.Range(0, 200).Select(i => new ObjectToDelete(
            $"{i}", null, WriteConditions.None))]));
        await account.Put("docs", "k", "1");

        Assert.Equal([2L], Read(account, 0, 1).Changes.Select(c => c.Seq));
        Assert.Equal(200, Read(account, 2, 1).Changes.Count);
        Assert.Equal(200, Read(account, 2, 100, bytesMax: 1).Changes.Count);
        Assert.Equal(3, Read(account, 2, 201).CompleteUpTo);
        Assert.Equal(4, Read(account, 2, 202).CompleteUpTo);
    }

    [Fact]
    public async Task The_watermark_passes_seqs_that_left_no_row()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await account.Put("docs", "k", "1");
        await account.Delete("docs", "k");

        Assert.Equal(3, Read(account, 0, 100).CompleteUpTo);
        Assert.Equal(new ChangeBatch([], 3), Read(account, 3, 100) with { Changes = [] });
        Assert.Empty(Read(account, 1, 100).Changes);
    }

    [Fact]
    public async Task Deletions_leave_tombstones_only_while_a_target_follows()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await account.Put("docs", "k", "1");
        await account.Delete("docs", "k");
        Assert.Empty(account.Column("SELECT name FROM tombstone"));

        await account.Put("docs", "k", "1");
        await using var follower = await Follower.FollowAsync(account);
        await account.Delete("docs", "k");

        var content = Read(account, 4, 100).Changes;
        Assert.Equal([(RowKind.Version, true), (RowKind.Content, true)], content.Select(c => (c.Kind, c.IsDeleted)));
        Assert.Equal("docs\04\0k", Encoding.UTF8.GetString(content[0].Row.Span));
    }

    /// <summary>
    /// The copy passes through states that the source never had. Here the content loses, in one batch, the only version that
    /// the target knows, and its copy's row, changed again since, comes in the next.
    /// </summary>
    [Fact]
    public async Task A_content_outlives_the_batch_that_takes_its_last_reference()
    {
        await using var source = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await source.Put("docs", "a", "1");
        await using var follower = await Follower.FollowAsync(source);
        await follower.PullAsync(100);
        await source.Run(new CopyObject(
            "docs", "a", null, WriteConditions.None, "docs", "b", null, null, WriteConditions.None));
        await source.Delete("docs", "a");
        await source.Run(new PutObjectTags("docs", "b", null, new Dictionary<string, string> { ["a"] = "b" }));

        await follower.PullAsync(1);
        Assert.Single(follower.Target.Column("SELECT content FROM content WHERE refs = 0"));
        await follower.PullAllAsync();

        Assert.Single(follower.Target.Column("SELECT content FROM content WHERE refs = 1"));
        Assert.Equal(source.ComputeDigest(), follower.Target.ComputeDigest());
    }

    /// <summary>A part that was sent twice more: the first content is said to be dropped while the first part is still here.</summary>
    [Fact]
    public async Task A_content_that_the_source_dropped_goes_at_the_latest_with_the_activation()
    {
        await using var source = await TestAccount.CreateAsync(Versioning.Off, "docs");
        var id = new string('a', 32);
        await source.Run(new CreateUpload("docs", "k", id, TestAccount.NoHeaders, TestAccount.NoTags, null, false));
        await PutPart();
        await using var follower = await Follower.FollowAsync(source);
        await using var hold = follower.Target.OpenCopy();
        await follower.PullAsync(100);
        await PutPart();
        await PutPart();

        await follower.PullAsync(1);
        Assert.Single(follower.Target.Column("SELECT content FROM content"));
        await follower.PullAllAsync();

        Assert.Single(follower.Target.Column("SELECT content FROM content WHERE refs = 1"));
        Assert.Single(follower.Target.Column("SELECT content FROM discard"));

        Task PutPart() => source.Run(new PutPart("docs", "k", id, 1, source.Stage(40_000, false), "e", null));
    }

    [Fact]
    public async Task A_row_that_came_back_survives_its_old_deletion_applied_again()
    {
        await using var source = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await using var follower = await Follower.FollowAsync(source);
        await source.Run(new DeleteBucket("docs"));
        await source.Run(new CreateBucket("docs"));

        await follower.PullAsync(100, times: 3);

        Assert.Equal(["docs"], follower.Target.Column("SELECT name FROM bucket"));
        Assert.Equal(source.Store.Row!.Digest.ToArray(), follower.Target.Store.Row!.Digest.ToArray());
    }

    [Fact]
    public async Task A_batch_that_no_source_sends_changes_nothing()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        var bucket = new BucketRow("x", 5, 0, Versioning.Off, "{}").Encode();
        var version = new VersionRow(
            "x", "k", 5, "null", 5, false, 0, 1, "e",
            """{"pieces":[{"contentId":"absent","offsetBytes":0,"lengthBytes":1}]}""").Encode();

        await AssertRefused(9, new Change(RowKind.Bucket, 6, false, bucket));
        await AssertRefused(9, new Change(RowKind.Version, 5, false, bucket));
        await AssertRefused(9, new Change((RowKind)9, 5, false, bucket));
        await AssertRefused(4, new Change(RowKind.Bucket, 5, false, bucket));
        await AssertRefused(9, new Change(RowKind.Version, 5, false, version));
        await AssertRefused(9, new Change(RowKind.Bucket, 5, false, bucket), new Change(RowKind.Bucket, 4, true, "x"u8.ToArray()));
        await AssertRefused(9, new Change(RowKind.Version, 5, true, "docs\0x\0k"u8.ToArray()));
        await AssertRefused(9, new Change(RowKind.Part, 5, true, "docs"u8.ToArray()));
        await AssertRefused(9, new Change(RowKind.Bucket, 5, true, new byte[] { 0xFF }));

        Assert.Equal(["docs"], account.Column("SELECT name FROM bucket"));
        Assert.Equal(account.ComputeDigest(), account.Store.Row!.Digest.ToArray());

        Task AssertRefused(long completeUpTo, params Change[] changes)
            => Assert.ThrowsAsync<InvalidRowException>(() => account.Change(
                t => ChangeFeed.Apply(t, DecodedBatch.Decode(new ChangeBatch(changes, completeUpTo)))));
    }

    private static ChangeBatch Read(TestAccount account, long after, int rowsMax, long bytesMax = long.MaxValue)
        => account.Store.Read(sql => ChangeFeed.Read(sql, account.Store.Account, after, rowsMax, bytesMax));
}
