using System.Text;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.BadInput;

/// <summary>XML that is no XML, of another kind, without end, or a bomb.</summary>
public class DocumentTests(SharedDeployment shared) : BadInputTests(shared)
{
    private const string Bomb =
        """
        <?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
        <!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">]>
        <Delete><Object><Key>&lol3;</Key></Object></Delete>
        """;

    private const string Outside =
        """
        <?xml version="1.0"?><!DOCTYPE a [<!ENTITY xxe SYSTEM "file:///etc/passwd">]>
        <Delete><Object><Key>&xxe;</Key></Object></Delete>
        """;

    [Theory]
    [InlineData("<")]
    [InlineData("<Delete>")]
    [InlineData("<Delete></Object></Delete>")]
    [InlineData("<Delete></Delete>")]
    [InlineData("<Delete><Object></Object></Delete>")]
    [InlineData("<CreateBucketConfiguration/>")]
    [InlineData("{\"Delete\":[]}")]
    [InlineData("<Delete><Object><Key>a</Key></Object></Delete><Delete/>")]
    [InlineData("<Delete><Object><Key>&undefined;</Key></Object></Delete>")]
    [InlineData(Bomb)]
    [InlineData(Outside)]
    public async Task A_deletion_that_is_no_xml_of_its_kind_is_malformed(string document)
        => await RefusedAsync(Deletion(document), 400, "MalformedXML");

    [Fact]
    public async Task A_body_without_a_document_is_refused()
    {
        var answer = await AskAsync(Deletion(""));

        Assert.Contains((answer.Status, answer.Code), new List<(int, string)> { (400, "MissingRequestBodyError"), (400, "MalformedXML") });
    }

    [Fact]
    public async Task Xml_nested_without_end_is_malformed()
        => await RefusedAsync(
            Deletion(string.Concat(Enumerable.Repeat("<Delete>", 100_000))), 400, "MalformedXML");

    [Fact]
    public async Task More_than_a_thousand_deletions_are_malformed()
        => await RefusedAsync(
            Deletion($"<Delete>{string.Concat(Enumerable.Repeat("<Object><Key>a</Key></Object>", 1001))}</Delete>"),
            400, "MalformedXML");

    [Fact]
    public async Task Xml_of_twenty_megabytes_is_refused_before_it_fills_the_memory()
    {
        var answer = await AskAsync(Deletion($"<Delete>{new string(' ', 20_000_000)}</Delete>"));

        Assert.Contains((answer.Status, answer.Code), new List<(int, string)> { (400, "MalformedXML"), (400, "MaxMessageLengthExceeded"), (400, "EntityTooLarge") });
        await ServesAsync();
    }

    [Theory]
    [InlineData("?versioning", "<VersioningConfiguration><Status>Maybe</Status></VersioningConfiguration>")]
    [InlineData("?versioning", "<VersioningConfiguration>")]
    [InlineData("?tagging", "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>")]
    [InlineData("?tagging", "<Tagging/>")]
    [InlineData("/a?tagging", "<Tagging><TagSet><Other/></TagSet></Tagging>")]
    [InlineData("/a?tagging", "no xml")]
    public async Task A_setting_that_is_no_xml_of_its_kind_is_malformed(string target, string document)
    {
        await PutAsync("a", "content");

        var answer = await AskAsync(Request("PUT", $"/{Bucket}{target}", document));

        Assert.Contains((answer.Status, answer.Code), new List<(int, string)> { (400, "MalformedXML"), (400, "IllegalVersioningConfigurationException") });
    }

    [Theory]
    [InlineData("<Tag><Key></Key><Value>x</Value></Tag>")]
    [InlineData("<Tag><Key>aws:x</Key><Value>x</Value></Tag>")]
    [InlineData("<Tag><Key>a</Key><Value>x</Value></Tag><Tag><Key>a</Key><Value>y</Value></Tag>")]
    [InlineData("<Tag><Key>a</Key><Value>&lt;script&gt;</Value></Tag>")]
    public async Task A_tag_that_may_not_be_is_refused(string tags)
    {
        await PutAsync("a", "content");

        await RefusedAsync(
            Request("PUT", $"/{Bucket}/a?tagging", $"<Tagging><TagSet>{tags}</TagSet></Tagging>"), 400, "InvalidTag");
    }

    [Theory]
    [InlineData("<Part><PartNumber>2</PartNumber><ETag>\"x\"</ETag></Part><Part><PartNumber>1</PartNumber><ETag>\"x\"</ETag></Part>", "InvalidPartOrder")]
    [InlineData("<Part><PartNumber>1</PartNumber><ETag>\"x\"</ETag></Part><Part><PartNumber>1</PartNumber><ETag>\"x\"</ETag></Part>", "InvalidPartOrder")]
    [InlineData("<Part><PartNumber>1</PartNumber><ETag>\"x\"</ETag></Part>", "InvalidPart")]
    [InlineData("<Part><PartNumber>99999999999999999999</PartNumber><ETag>x</ETag></Part>", "InvalidArgument")]
    [InlineData("<Part><PartNumber>one</PartNumber><ETag>x</ETag></Part>", "InvalidArgument")]
    [InlineData("<Part><PartNumber>1</PartNumber></Part>", "MalformedXML")]
    [InlineData("", "MalformedXML")]
    public async Task A_completion_of_parts_that_cannot_be_is_refused(string parts, string code)
    {
        var upload = (await S3.InitiateMultipartUploadAsync(Bucket, "a", Cancelled)).UploadId;

        await RefusedAsync(
            Request("POST", $"/{Bucket}/a?uploadId={upload}", $"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"), 400, code);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("..%2F..%2Fetc")]
    [InlineData("%00")]
    [InlineData("")]
    public async Task An_upload_that_never_was_is_refused(string upload)
    {
        foreach (var request in (RawRequest[])
        [
            Request("PUT", $"/{Bucket}/a?partNumber=1&uploadId={upload}", "x"), Request("DELETE", $"/{Bucket}/a?uploadId={upload}"),
            Request("GET", $"/{Bucket}/a?uploadId={upload}"),
            Request("POST", $"/{Bucket}/a?uploadId={upload}", "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>"),
        ])
        {
            var answer = await AskAsync(request);
            Assert.Contains((answer.Status, answer.Code), new List<(int, string)> { (404, "NoSuchUpload"), (400, "InvalidURI"), (400, "InvalidArgument") });
        }
    }

    [Fact]
    public async Task A_deletion_without_a_checksum_is_refused()
    {
        await PutAsync("a", "content");

        await RefusedAsync(
            Request("POST", $"/{Bucket}?delete", "<Delete><Object><Key>a</Key></Object></Delete>"), 400, "InvalidRequest");
        Assert.Equal("content", await GetTextAsync("a"));
    }

    [Fact]
    public async Task A_document_of_another_md5_is_refused()
    {
        await PutAsync("a", "content");
        var document = "<Delete><Object><Key>a</Key></Object></Delete>";
        var md5 = Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(Encoding.UTF8.GetBytes("other")));

        await RefusedAsync(Request("POST", $"/{Bucket}?delete", document) with { Headers = [("content-md5", md5)] }, 400, "BadDigest");
        Assert.Equal("content", await GetTextAsync("a"));
    }

    // A document in another encoding says the same: it must not slip past a check.
    [Fact]
    public async Task A_document_in_utf16_is_read_or_refused_but_never_misread()
    {
        await PutAsync("a", "content");
        var document = Encoding.Unicode.GetPreamble()
            .Concat(Encoding.Unicode.GetBytes("<?xml version=\"1.0\" encoding=\"utf-16\"?><Delete><Object><Key>a</Key></Object></Delete>")).ToArray();

        var answer = await AskAsync(Deletion(document));

        Assert.Contains((answer.Status, answer.Code), new List<(int, string)> { (200, ""), (400, "MalformedXML") });
    }

    private RawRequest Deletion(string document) => Deletion(Encoding.UTF8.GetBytes(document));

    private RawRequest Deletion(byte[] document)
        => Request("POST", $"/{Bucket}?delete") with
        {
            Body = document,
            Headers = [("content-md5", Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(document)))],
        };
}
