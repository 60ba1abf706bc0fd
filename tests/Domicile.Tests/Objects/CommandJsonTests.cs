using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Domicile.Accounts;
using Domicile.Objects;
using Xunit;

namespace Domicile.Tests.Objects;

public sealed class CommandJsonTests
{
    private static readonly ObjectHeaders Headers = new()
    {
        ContentType = "a/b",
        CacheControl = "c",
        ContentDisposition = "d",
        ContentEncoding = "e",
        ContentLanguage = "l",
        Expires = "x",
        WebsiteRedirectLocation = "w",
        StorageClass = "s",
        Metadata = new Dictionary<string, string> { ["m"] = "\u00fc\"\\" },
    };

    private static readonly IReadOnlyDictionary<string, string> Tags = new Dictionary<string, string> { ["t"] = "\U0001F600" };
    private static readonly Checksum Sum = new(ChecksumAlgorithm.Crc64Nvme, "AAAA", true);
    private static readonly StagedContent Inline = new("content", 3, [0, 1, 255]);
    private static readonly StagedContent InFile = new("content", 1L << 40, null);

    private static readonly WriteConditions Conditions = new(["e", "*"], [])
    {
        IfModifiedSince = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123),
        IfUnmodifiedSince = DateTimeOffset.UnixEpoch,
    };

    private static readonly AccountCommand[] Commands =
    [
        new CreateBucket("b"),
        new DeleteBucket("b"),
        new PutBucketTags("b", Tags),
        new PutBucketTags("b", null),
        new PutBucketVersioning("b", Versioning.Suspended),
        new PutObject("b", "k\0", Inline, "e", Headers, [Sum], Tags, Conditions),
        new PutObject("b", "k", InFile, "e", new ObjectHeaders(), [], Tags, WriteConditions.None),
        new CopyObject("a", "k", "v", Conditions, "b", "l", Headers, Tags, Conditions),
        new CopyObject("a", "k", null, Conditions, "b", "l", null, null, Conditions),
        new DeleteObject("b", "k", "v", Conditions),
        new DeleteObjects("b", [new("k", null, Conditions), new("l", "v", WriteConditions.None)]),
        new PutObjectTags("b", "k", "v", Tags),
        new CreateUpload("b", "k", "u", Headers, Tags, ChecksumAlgorithm.Sha1, true),
        new CreateUpload("b", "k", "u", Headers, Tags, null, false),
        new PutPart("b", "k", "u", 3, Inline, "e", Sum),
        new CopyPart("b", "k", "u", 3, "a", "l", "v", 7, 8, 9, "e", null),
        new CompleteUpload("b", "k", "u", [new(1, "e", Sum), new(2, "f", null)], Sum, 12, Conditions),
        new AbortUpload("b", "k", "u"),
        new RevokeCredential("DK"),
    ];

    private static readonly CommandResult[] Results =
    [
        new CommandResult.Done(),
        new CommandResult.ObjectWritten("e", null, DateTimeOffset.UnixEpoch, 3, [Sum], "v"),
        new CommandResult.ObjectDeleted("v", true),
        new CommandResult.ObjectsDeleted([new DeleteOutcome("k", null, "v", true, null), new("l", "v", null, false, "c")]),
        new CommandResult.PartWritten("e", DateTimeOffset.UnixEpoch, null),
        new CommandResult.Refused("NoSuchKey", "detail"),
    ];

    // Goal: what a serialiser or a connection keeps in its buffers holds no secret; it comes sealed, beside the document.
    [Fact]
    public void A_secret_is_in_no_document_and_is_taken_from_none()
    {
        using var credential = new Credential("DK", SecretBytes.OfText("its-secret"), "label", DateTimeOffset.UnixEpoch);
        var json = Encoding.UTF8.GetString(CommandJson.Write(new AddCredential(credential)));

        Assert.DoesNotContain("its-secret", json, StringComparison.Ordinal);
        var read = Assert.IsType<AddCredential>(CommandJson.ReadCommand(Encoding.UTF8.GetBytes(json))).Credential;
        Assert.Equal(credential with { Secret = SecretBytes.None }, read);
        Assert.Contains("\"secret\":\"\"", json, StringComparison.Ordinal);
        Assert.Throws<JsonException>(() => CommandJson.ReadCommand(
            Encoding.UTF8.GetBytes(json.Replace("\"secret\":\"\"", "\"secret\":\"its-secret\""))));
    }

    [Fact]
    public void Every_command_comes_back_as_it_went()
    {
        foreach (var command in Commands)
        {
            Assert.Equivalent(command, CommandJson.ReadCommand(CommandJson.Write(command)), strict: true);
        }
    }

    [Fact]
    public void Every_result_comes_back_as_it_went()
    {
        foreach (var result in Results)
        {
            Assert.Equivalent(result, CommandJson.ReadResult(CommandJson.Write(result)), strict: true);
        }
    }

    [Fact]
    public void Every_kind_of_command_and_result_is_in_these_tests()
    {
        Assert.Equal(Kinds<AccountCommand>(), Commands.Select(c => c.GetType().Name).Append(nameof(AddCredential)).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(Kinds<CommandResult>(), Results.Select(c => c.GetType().Name).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_content_travels_once()
    {
        var json = JsonNode.Parse(CommandJson.Write(Commands.OfType<PutObject>().First()))!.AsObject();
        Assert.Equal("AAH/", (string?)json["staged"]!["inline"]);
        Assert.False(json.ContainsKey("content"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"name":"b"}""")]
    [InlineData("""{"kind":"none","name":"b"}""")]
    [InlineData("""{"kind":"createBucket"}""")]
    [InlineData("""{"kind":"createBucket","name":null}""")]
    [InlineData("""{"kind":"createBucket","name":1}""")]
    [InlineData("""{"kind":"createBucket","name":"b","name":"c"}""")]
    [InlineData("""{"kind":"createBucket","name":"b","extra":1}""")]
    [InlineData("""{"kind":"createBucket","name":"b"} {}""")]
    [InlineData("""{"kind":"createBucket","name":"\ud800"}""")]
    [InlineData("""{"kind":"putBucketVersioning","bucket":"b","versioning":"Enabled"}""")]
    public void What_is_no_command_is_refused(string json)
        => Assert.ThrowsAny<JsonException>(() => CommandJson.ReadCommand(Encoding.UTF8.GetBytes(json)));

    private static IEnumerable<string> Kinds<T>()
        => typeof(T).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(T))).Select(type => type.Name)
            .Order(StringComparer.Ordinal);
}
