using Domicile.Accounts;
using Domicile.Control;
using Domicile.Objects;
using Domicile.Tests.Storage;
using Xunit;

namespace Domicile.Tests.Objects;

public sealed class ObjectCommandTests
{
    [Theory]
    [InlineData(nameof(AccountState.Sealed), 1)]
    [InlineData(nameof(AccountState.Departed), 1)]
    [InlineData(nameof(AccountState.Arriving), 1)]
    [InlineData(nameof(AccountState.Active), 2)]
    public async Task Even_a_refusal_is_answered_only_by_the_home(string state, long epoch)
    {
        await using var account = await TestAccount.CreateAsync();
        await account.Change(t => t.PutRow(t.Row! with { State = Enum.Parse<AccountState>(state) }));
        Assert.IsType<Execution.NotHere>(await account.Execute(new DeleteBucket("none"), epoch));
    }

    [Fact]
    public async Task A_bucket_that_exists_is_told_to_its_owner()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        Assert.Equal("BucketAlreadyOwnedByYou", await account.CodeOf(new CreateBucket("docs")));
        Assert.Equal("InvalidBucketName", await account.CodeOf(new CreateBucket("Docs/..")));
        Assert.Equal("NoSuchBucket", await account.CodeOf(new DeleteBucket("none")));
        Assert.Equal("NoSuchBucket", await account.CodeOf(account.NewPut("none", "k")));
    }

    [Theory]
    [InlineData("*", null, "NoSuchKey", null, null)]
    [InlineData("etag1", null, "NoSuchKey", null, "PreconditionFailed")]
    [InlineData("etag2", null, "NoSuchKey", "PreconditionFailed", null)]
    [InlineData(null, "*", null, "PreconditionFailed", "PreconditionFailed")]
    [InlineData(null, "etag1", null, "PreconditionFailed", null)]
    public async Task Writes_obey_their_conditions(
        string? ifMatch, string? ifNoneMatch, string? codeWhereAbsent, string? codeOnFirst, string? codeOnSecond)
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        var conditions = new WriteConditions(ifMatch is null ? null : [ifMatch], ifNoneMatch is null ? null : [ifNoneMatch]);
        Assert.Equal(codeWhereAbsent, await account.CodeOf(account.NewPut("docs", "absent", "x", conditions)));

        await account.Put("docs", "a", "1");
        Assert.Equal(codeOnFirst, await account.CodeOf(account.NewPut("docs", "a", "x", conditions)));
        await account.Put("docs", "b", "2");
        Assert.Equal(codeOnSecond, await account.CodeOf(account.NewPut("docs", "b", "x", conditions)));
    }

    [Fact]
    public async Task A_delete_marker_is_no_object_to_a_condition()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Enabled, "docs");
        await account.Put("docs", "k", "1");
        await account.Delete("docs", "k");

        Assert.Equal("NoSuchKey", await account.CodeOf(account.NewPut("docs", "k", "x", new WriteConditions(["*"], null))));
        Assert.Null(await account.CodeOf(account.NewPut("docs", "k", "x", new WriteConditions(null, ["*"]))));
    }

    [Fact]
    public async Task A_deletion_obeys_its_condition()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await account.Put("docs", "k", "1");
        var wrong = new WriteConditions(["etag2"], null);
        Assert.Equal("PreconditionFailed", await account.CodeOf(new DeleteObject("docs", "k", null, wrong)));

        var both = new DeleteObjects("docs", [new("k", null, wrong), new("k", null, new WriteConditions(["etag1"], null))]);
        var outcomes = Assert.IsType<CommandResult.ObjectsDeleted>(await account.Run(both)).Outcomes;

        Assert.Equal(["PreconditionFailed", null], outcomes.Select(o => o.ErrorCode));
        Assert.Null(await account.Find("docs", "k"));
    }

    [Fact]
    public async Task A_copy_shares_the_content_until_the_last_of_both_is_gone()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await using var hold = account.OpenCopy(); // Keeps files, and so the record that they are to go.
        await account.Run(account.NewPut("docs", "a", "1") with { Staged = account.Stage(1, isInline: false) });
        var content = Assert.Single(account.Column("SELECT content FROM content"));
        await account.Run(NewCopy("docs", "a", "b"));

        await account.Delete("docs", "a");
        Assert.Equal([content], account.Column("SELECT content FROM content WHERE refs = 1"));
        Assert.Empty(account.Column("SELECT content FROM discard"));

        await account.Delete("docs", "b");
        Assert.Empty(account.Column("SELECT content FROM content"));
        Assert.Equal([content], account.Column("SELECT content FROM discard"));
    }

    [Fact]
    public async Task An_inline_content_leaves_no_file_to_discard()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await account.Put("docs", "a", "1");
        await account.Put("docs", "a", "2");
        Assert.Single(account.Column("SELECT content FROM content"));
        Assert.Empty(account.Column("SELECT content FROM discard"));
    }

    [Fact]
    public async Task A_copy_onto_itself_must_change_something_and_then_keeps_the_content()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await account.Put("docs", "a", "1");
        Assert.Equal("InvalidRequest", await account.CodeOf(NewCopy("docs", "a", "a")));

        var headers = new ObjectHeaders { ContentType = "text/plain" };
        await account.Run(NewCopy("docs", "a", "a") with { Headers = headers });

        var copy = (await account.Find("docs", "a"))!;
        Assert.Equal(("etag1", "text/plain"), (copy.ETag, copy.Headers.ContentType));
        Assert.Single(account.Column("SELECT content FROM content WHERE refs = 1"));
    }

    [Fact]
    public async Task A_copys_source_is_told_apart_by_what_is_missing()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Enabled, "docs");
        var marker = (CommandResult.ObjectDeleted)await account.Delete("docs", "gone");

        Assert.Equal("NoSuchKey", await account.CodeOf(NewCopy("docs", "none", "b")));
        Assert.Equal("NoSuchKey", await account.CodeOf(NewCopy("docs", "gone", "b")));
        Assert.Equal("NoSuchVersion", await account.CodeOf(NewCopy("docs", "gone", "b") with { SourceVersionId = "x" }));
        Assert.Equal(
            "InvalidRequest", await account.CodeOf(NewCopy("docs", "gone", "b") with { SourceVersionId = marker.VersionId }));
        Assert.Equal("NoSuchBucket", await account.CodeOf(NewCopy("none", "gone", "b")));
    }

    [Fact]
    public async Task Tags_change_in_place_and_refuse_markers()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Enabled, "docs");
        var put = await account.Put("docs", "k", "1");
        var tags = new Dictionary<string, string> { ["z"] = "1", ["a"] = "ü" };
        await account.Run(new PutObjectTags("docs", "k", null, tags));
        var marker = (CommandResult.ObjectDeleted)await account.Delete("docs", "k");

        var version = (await account.Find("docs", "k", put.VersionId))!;
        Assert.Equal(["a", "z"], version.Tags.Keys);
        Assert.Equal(2, (await account.ListVersions("docs")).Versions.Count);
        Assert.Equal("NoSuchKey", await account.CodeOf(new PutObjectTags("docs", "k", null, null)));
        Assert.Equal("MethodNotAllowed", await account.CodeOf(new PutObjectTags("docs", "k", marker.VersionId, null)));
        Assert.Equal("NoSuchVersion", await account.CodeOf(new PutObjectTags("docs", "k", "x", null)));
    }

    [Fact]
    public async Task Keys_that_have_no_utf8_or_are_too_long_are_refused()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        Assert.Equal("InvalidArgument", await account.CodeOf(account.NewPut("docs", "\ud800")));
        Assert.Equal("InvalidArgument", await account.CodeOf(account.NewPut("docs", "")));
        Assert.Equal("KeyTooLongError", await account.CodeOf(account.NewPut("docs", new string('ü', 513))));
        Assert.Null(await account.CodeOf(account.NewPut("docs", new string('ü', 512))));
    }

    [Fact]
    public async Task A_content_id_that_is_in_use_is_never_taken_over()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        var put = account.NewPut("docs", "a", "1");
        await account.Run(put);
        await Assert.ThrowsAnyAsync<Exception>(() => account.Run(put with { Key = "b" }));
        Assert.Null(await account.Find("docs", "b"));
        Assert.Single(account.Column("SELECT content FROM content WHERE refs = 1"));
    }

    [Fact]
    public async Task Credentials_lie_sealed_and_are_limited()
    {
        await using var account = await TestAccount.CreateAsync();
        for (byte i = 0; i < ObjectLimits.CredentialsMax; i++)
        {
            Assert.Null(await account.CodeOf(new AddCredential(NewCredential(i))));
        }

        Assert.Equal("LimitExceeded", await account.CodeOf(new AddCredential(NewCredential(200))));
        Assert.Equal("EntityAlreadyExists", await account.CodeOf(new AddCredential(NewCredential(3))));
        Assert.Null(await account.CodeOf(new RevokeCredential(NewCredential(3).AccessKeyId)));
        Assert.Equal("NoSuchEntity", await account.CodeOf(new RevokeCredential(NewCredential(3).AccessKeyId)));

        await using var copy = account.OpenCopy();
        Assert.Equal(NewCredential(4), await copy.FindCredentialAsync(NewCredential(4).AccessKeyId, TestContext.Current.CancellationToken));
        Assert.Null(await copy.FindCredentialAsync(NewCredential(3).AccessKeyId, TestContext.Current.CancellationToken));
        Assert.Equal(99, (await copy.ListCredentialsAsync(TestContext.Current.CancellationToken)).Count);
        Assert.Empty(account.Column("SELECT label FROM credential WHERE instr(secret, CAST('secret' AS BLOB)) > 0"));
    }

    // Goal: a content under many names is stored once, and a move asks for the room and the time of that. Method: 300 copies of
    // 1 GiB by reference.
    [Fact]
    public async Task Copies_by_reference_take_no_room()
    {
        const long gibibyte = 1L << 30;
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await account.Run(new PutObject(
            "docs", "first", account.Stage(gibibyte, isInline: false), "etag", TestAccount.NoHeaders, [], TestAccount.NoTags,
            WriteConditions.None));
        await account.Put("docs", "short", "text");
        for (var copy = 0; copy < 300; copy++)
        {
            Assert.Null(await account.CodeOf(new CopyObject(
                "docs", "first", null, WriteConditions.None, "docs", $"copy{copy}", null, null, WriteConditions.None)));
        }

        await using var opened = account.OpenCopy();
        var usage = await opened.MeasureUsageAsync(TestContext.Current.CancellationToken);

        Assert.Equal((301 * gibibyte) + 4, usage.Categories.Values.Sum(category => category.Bytes));
        Assert.Equal(gibibyte + 4, usage.Stored!.Contents);
        Assert.InRange(usage.Stored.OnDisk, gibibyte, gibibyte + (4 << 20));
        var wanted = new WantedMove(Known, RegionName.Parse("singapore"), "", "", usage);
        Assert.Equal((302, gibibyte + 4), (wanted.Size.Objects, wanted.Size.Bytes));
        Assert.Equal(usage.Stored.OnDisk, wanted.BytesOnDisk);
        Assert.Equal(
            (301 * gibibyte) + 4 + ControlLimits.RoomPerAccountBytes,
            (wanted with { Usage = usage with { Stored = null } }).BytesOnDisk);
    }

    private static ControlAccount Known { get; } = new(
        new AccountProfile(TemporaryRegion.Anna, Country.Parse("IN"), null), RegionName.Parse("beijing"), 1,
        ControlAccountState.Active, 1, DateTimeOffset.UnixEpoch, null, [], null);

    [Fact]
    public async Task Usage_is_told_by_category()
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Enabled, "photos", "docs", "tagged");
        await account.Run(new PutBucketTags("tagged", new Dictionary<string, string> { ["category"] = "photos" }));
        await account.Run(new PutBucketTags("docs", new Dictionary<string, string> { ["category"] = "About Anna" }));
        await account.Put("photos", "a", "12345");
        await account.Put("photos", "a", "123");
        await account.Put("tagged", "b", "1");
        await account.Delete("docs", "x");

        await using var copy = account.OpenCopy();
        var usage = await copy.MeasureUsageAsync(TestContext.Current.CancellationToken);

        Assert.Equal(new CategoryUsage(2, 3, 9), usage.Categories["photos"]);
        Assert.Equal(new CategoryUsage(0, 1, 0), usage.Categories["other"]);
        Assert.Equal(2, usage.Categories.Count);
    }

    private static CopyObject NewCopy(string bucket, string from, string to)
        => new(bucket, from, null, WriteConditions.None, bucket, to, null, null, WriteConditions.None);

    private static Credential NewCredential(byte number)
        => new(
            AccessKey.NewId(TemporaryRegion.Anna, [1, 2, 3, 4, number]), SecretBytes.OfText($"secret{number}"), "phone", DateTimeOffset.UnixEpoch);
}
