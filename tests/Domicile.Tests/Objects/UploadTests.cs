using System.Security.Cryptography;
using System.Text;
using Domicile.Objects;
using Xunit;

namespace Domicile.Tests.Objects;

public sealed class UploadTests
{
    private const long Part = 5 << 20;
    private static readonly string Id = new('a', 32);

    [Fact]
    public async Task Parts_become_an_object_with_the_etag_that_s3_computes()
    {
        await using var account = await CreateAsync();
        await PutPart(account, 3, "three", 7);
        await PutPart(account, 1, "one", Part);

        var written = Assert.IsType<CommandResult.ObjectWritten>(await account.Run(Complete((1, "one"), (3, "three"))));

        // The MD5 of both MD5s, by python3: hashlib.md5(md5(b"one").digest() + md5(b"three").digest()).hexdigest()
        Assert.Equal("d9dbeca7fdcc1b4d6b67737c6997fd3c-2", written.ETag);
        var version = (await account.Find("docs", "k"))!;
        Assert.Equal((Part + 7, 2), (version.SizeBytes, version.Pieces.Count));
        Assert.Equal([Part, 7], version.PartSizes);
        Assert.Equal("text/plain", version.Headers.ContentType);
        Assert.Empty(account.Column("SELECT upload FROM upload UNION ALL SELECT upload FROM part"));
        Assert.Equal(2, account.Column("SELECT content FROM content WHERE refs = 1").Count);
        Assert.Equal("NoSuchUpload", await account.CodeOf(Complete((1, "one"))));
    }

    // Goal: a completion whose answer was lost is told that it is done, and nothing else is. Method: the same command again, then
    // again with other parts, after the upload was aborted, after the object was replaced, and too late.
    [Fact]
    public async Task A_completion_that_is_sent_again_is_done_as_long_as_its_object_is_there()
    {
        await using var account = await CreateAsync();
        await PutPart(account, 1, "one", Part);
        await PutPart(account, 2, "two", 7);
        var complete = Complete((1, "one"), (2, "two")) with { SizeBytes = Part + 7 };
        var first = Assert.IsType<CommandResult.ObjectWritten>(await account.Run(complete));
        var seq = account.Store.Row!.Seq;

        foreach (var repeated in new[] { complete, complete with { Conditions = new WriteConditions(null, ["*"]) } })
        {
            var again = Assert.IsType<CommandResult.ObjectWritten>(await account.Run(repeated));
            Assert.Equal((first.ETag, first.VersionId), (again.ETag, again.VersionId));
        }

        Assert.Equal(seq, account.Store.Row!.Seq);
        Assert.Equal("NoSuchUpload", await account.CodeOf(complete with { SizeBytes = 1 }));
        Assert.Equal("NoSuchUpload", await account.CodeOf(complete with { Key = "other" }));
        Assert.Equal("NoSuchUpload", await account.CodeOf(Complete((2, "two"))));

        await account.Run(new PutObject(
            "docs", "k", account.Stage(1, isInline: true), "etag", TestAccount.NoHeaders, [], TestAccount.NoTags, WriteConditions.None));
        Assert.Equal("NoSuchUpload", await account.CodeOf(complete));
    }

    [Fact]
    public async Task Parts_that_are_left_out_go_with_the_upload()
    {
        await using var account = await CreateAsync();
        await PutPart(account, 1, "one", 1);
        await PutPart(account, 2, "two", 1);
        Assert.Null(await account.CodeOf(Complete((2, "two"))));
        Assert.Single(account.Column("SELECT content FROM content WHERE refs = 1"));
    }

    [Fact]
    public async Task A_wrong_list_of_parts_is_refused_and_leaves_the_upload()
    {
        await using var account = await CreateAsync();
        await PutPart(account, 1, "one", Part - 1);
        await PutPart(account, 2, "two", 1);

        Assert.Equal("MalformedXML", await account.CodeOf(Complete()));
        Assert.Equal("InvalidPartOrder", await account.CodeOf(Complete((2, "two"), (1, "one"))));
        Assert.Equal("InvalidPartOrder", await account.CodeOf(Complete((1, "one"), (1, "one"))));
        Assert.Equal("InvalidPart", await account.CodeOf(Complete((1, "other"))));
        Assert.Equal("InvalidPart", await account.CodeOf(Complete((3, "three"))));
        Assert.Equal("EntityTooSmall", await account.CodeOf(Complete((1, "one"), (2, "two"))));
        Assert.Equal("InvalidRequest", await account.CodeOf(Complete((1, "one")) with { SizeBytes = 1 }));
        Assert.Null(await account.CodeOf(Complete((1, "one")) with { SizeBytes = Part - 1 }));
    }

    [Fact]
    public async Task A_completion_obeys_conditions_and_may_come_again()
    {
        await using var account = await CreateAsync();
        await PutPart(account, 1, "one", 1);
        await account.Put("docs", "k", "1");
        var absent = Complete((1, "one")) with { Conditions = new WriteConditions(null, ["*"]) };
        Assert.Equal("PreconditionFailed", await account.CodeOf(absent));
        await account.Delete("docs", "k");
        Assert.Null(await account.CodeOf(absent));
    }

    [Fact]
    public async Task A_part_that_is_sent_again_replaces_the_first()
    {
        await using var account = await CreateAsync();
        await PutPart(account, 1, "one", 1);
        await PutPart(account, 1, "two", 2);
        Assert.Single(account.Column("SELECT content FROM content WHERE refs = 1"));
        Assert.Equal("InvalidPart", await account.CodeOf(Complete((1, "one"))));
        Assert.Null(await account.CodeOf(Complete((1, "two"))));
    }

    [Fact]
    public async Task An_abort_takes_everything_along_and_so_does_the_bucket()
    {
        await using var account = await CreateAsync();
        await PutPart(account, 1, "one", 1);
        Assert.Null(await account.CodeOf(new AbortUpload("docs", "k", Id)));
        Assert.Equal("NoSuchUpload", await account.CodeOf(new AbortUpload("docs", "k", Id)));
        Assert.Empty(account.Column("SELECT content FROM content UNION ALL SELECT upload FROM part"));

        await account.Run(NewUpload);
        await PutPart(account, 1, "one", 1);
        Assert.Null(await account.CodeOf(new DeleteBucket("docs")));
        Assert.Empty(account.Column(
            "SELECT content FROM content UNION ALL SELECT upload FROM part UNION ALL SELECT upload FROM upload"));
    }

    [Fact]
    public async Task A_copied_part_takes_a_range_across_pieces_by_reference()
    {
        await using var account = await CreateAsync();
        await PutPart(account, 1, "one", Part);
        await PutPart(account, 2, "two", 10);
        await account.Run(Complete((1, "one"), (2, "two")));
        var source = (await account.Find("docs", "k"))!;
        await account.Run(NewUpload);
        var copy = new CopyPart(
            "docs", "k", Id, 1, "docs", "k", "null", source.Born, Part - 2, 5, Md5("copied"), null);

        Assert.IsType<CommandResult.PartWritten>(await account.Run(copy));
        Assert.Equal("InvalidRange", await account.CodeOf(copy with { LengthBytes = 13 }));
        Assert.Equal("SlowDown", await account.CodeOf(copy with { SourceBorn = 1 }));
        Assert.Equal("NoSuchKey", await account.CodeOf(copy with { SourceKey = "x" }));
        Assert.Null(await account.CodeOf(Complete((1, "copied"))));

        var version = (await account.Find("docs", "k"))!;
        Assert.Equal(
            [new ContentPiece(source.Pieces[0].ContentId, Part - 2, 2), new ContentPiece(source.Pieces[1].ContentId, 0, 3)],
            version.Pieces);
        Assert.Equal(2, account.Column("SELECT content FROM content WHERE refs = 1").Count);
    }

    // Of 5 MiB of zeros and of "abc", by python3: zlib.crc32, hashlib, and a table-driven CRC of the catalogue's parameters
    // that gives the catalogue's check values e3069283 (CRC-32C) and ae8b14860a799888 (CRC-64/NVME).
    [Theory]
    [InlineData("Crc32", false, "yTuzdQ==", "NSRBwg==", "Gf3/7w==")]
    [InlineData("Crc32", true, "yTuzdQ==", "NSRBwg==", "Y3pHzg==-2")]
    [InlineData("Crc32C", false, "zqsFQg==", "Nks/tw==", "2KsKmw==")]
    [InlineData("Crc32C", true, "zqsFQg==", "Nks/tw==", "WSq4CA==-2")]
    [InlineData("Crc64Nvme", false, "vqf3hRLTlJw=", "BeXKuz/B+us=", "Y8r8KjWI8JY=")]
    [InlineData(
        "Sha256", true, "wDbLt1U6kJ+LiHfURhkkMH8n7LZs/5KO7q/VacOIfik=", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
        "YgD5MmMOGkBA1Xe5eqGj3jSQK9w+pe1W02zWov7/zi0=-2")]
    public async Task A_checksum_of_the_whole_follows_from_the_parts(
        string algorithmName, bool isComposite, string first, string second, string whole)
    {
        var algorithm = Enum.Parse<ChecksumAlgorithm>(algorithmName);
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await account.Run(NewUpload with { ChecksumAlgorithm = algorithm, ChecksumIsComposite = isComposite });
        await PutPart(account, 1, "one", Part, new Checksum(algorithm, first, false));
        await PutPart(account, 2, "two", 3, new Checksum(algorithm, second, false));

        var wrong = Complete((1, "one"), (2, "two")) with { Checksum = new Checksum(algorithm, first, isComposite) };
        Assert.Equal("BadDigest", await account.CodeOf(wrong));
        var right = wrong with { Checksum = new Checksum(algorithm, whole, isComposite) };
        var written = Assert.IsType<CommandResult.ObjectWritten>(await account.Run(right));

        Assert.Equal([new Checksum(algorithm, whole, isComposite)], written.Checksums);
    }

    private static CreateUpload NewUpload
        => new(
            "docs", "k", Id, new ObjectHeaders { ContentType = "text/plain" }, TestAccount.NoTags, null, false);

    private static async Task<TestAccount> CreateAsync()
    {
        var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await account.Run(NewUpload);
        return account;
    }

    private static Task<CommandResult> PutPart(
        TestAccount account, int number, string name, long size, Checksum? checksum = null)
        => account.Run(new PutPart("docs", "k", Id, number, account.Stage(size, isInline: false), Md5(name), checksum));

    private static CompleteUpload Complete(params (int Number, string Name)[] parts)
        => new(
            "docs", "k", Id, [.. parts.Select(p => new PartToComplete(p.Number, Md5(p.Name), null))], null, null,
            WriteConditions.None);

#pragma warning disable CA5351 // S3's ETag.
    private static string Md5(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351
}
