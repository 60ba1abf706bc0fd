using System.Text;
using Domicile.Objects;
using Domicile.Server.S3;
using Domicile.Server.S3.Wire;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Domicile.Tests.S3;

public sealed class WireTests
{
    private static readonly string[] Hosts = ["s3.example.com"];

    private static readonly DateTimeOffset Modified = new(2026, 3, 1, 12, 0, 0, 500, TimeSpan.Zero);

    // As at the home, so through a relay: no dot segment is taken away, every code is decoded.
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/photos/a?x=/y", "/photos/a")]
    [InlineData("/photos//a/../b", "/photos//a/../b")]
    [InlineData("/photos/%2Fa%20b", "/photos//a b")]
    [InlineData("http://localhost/photos/a?x", "/photos/a")]
    [InlineData("http://localhost?x=/y", "/")]
    [InlineData("*", "")]
    public void An_error_names_the_path_as_it_came(string rawTarget, string resource)
        => Assert.Equal(resource, RequestTarget.ResourceOf(rawTarget));

    [Theory]
    [InlineData("/", "localhost:9101", "", "")]
    [InlineData("/photos", "localhost:9101", "photos", "")]
    [InlineData("/photos/", "localhost:9101", "photos", "")]
    [InlineData("/photos/a/b", "localhost:9101", "photos", "a/b")]
    [InlineData("/photos//a//b/../c/.", "127.0.0.1:9101", "photos", "/a//b/../c/.")]
    [InlineData("/photos/a%2Fb%20c+d%C3%A9%25", "localhost", "photos", "a/b c+dé%")]
    [InlineData("/", "photos.s3.example.com", "photos", "")]
    [InlineData("/a//b", "photos.s3.example.com:8080", "photos", "a//b")]
    [InlineData("/b", "my.photos.S3.EXAMPLE.com", "my.photos", "b")]
    [InlineData("/photos/b", "s3.example.com", "photos", "b")]
    [InlineData("/photos/b", "evils3.example.com", "photos", "b")]
    [InlineData("/photos/b", "[::1]:9101", "photos", "b")]
    [InlineData("http://localhost:9101/photos/b?x=y", "localhost:9101", "photos", "b")]
    public void A_target_is_split_into_bucket_and_key(string rawTarget, string host, string bucket, string key)
    {
        Assert.False(RequestTarget.Parse(rawTarget, host, Hosts).Failed(out _, out var target));
        Assert.Equal(bucket, target.Bucket);
        Assert.Equal(key, target.Key);
    }

    [Theory]
    [InlineData("/photos/%", "InvalidURI")]
    [InlineData("/photos/%4", "InvalidURI")]
    [InlineData("/photos/%zz", "InvalidURI")]
    [InlineData("/photos/%ff", "InvalidURI")]
    [InlineData("/photos/%ed%a0%80", "InvalidURI")]
    [InlineData("/photos/%00", "InvalidArgument")]
    [InlineData("/photos?prefix=%00", "InvalidURI")]
    [InlineData("/photos?prefix=%c3%28", "InvalidURI")]
    [InlineData("*", "InvalidURI")]
    [InlineData("//a", "InvalidBucketName")]
    [InlineData("/ab/a", "InvalidBucketName")]
    [InlineData("/Photos/a", "InvalidBucketName")]
    [InlineData("/../a", "InvalidBucketName")]
    [InlineData("/192.168.5.4/a", "InvalidBucketName")]
    [InlineData("/xn--photos/a", "InvalidBucketName")]
    [InlineData("/pho..tos/a", "InvalidBucketName")]
    [InlineData("/photos-/a", "InvalidBucketName")]
    public void A_target_that_means_nothing_is_refused(string rawTarget, string code)
    {
        Assert.True(RequestTarget.Parse(rawTarget, "localhost", Hosts).Failed(out var error, out _));
        Assert.Equal(code, error!.Code);
    }

    [Fact]
    public void A_key_has_at_most_1024_bytes_of_utf8()
    {
        Assert.Null(ObjectKey.Check(new string('é', 512)));
        Assert.Equal("KeyTooLongError", ObjectKey.Check(new string('é', 513))!.Code);
        Assert.Equal("InvalidArgument", ObjectKey.Check("a\ud800b")!.Code);
    }

    [Theory]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=0-9", 0, 10)]
    [InlineData("bytes=5-", 5, 5)]
    [InlineData("bytes=5-99", 5, 5)]
    [InlineData("bytes=-3", 7, 3)]
    [InlineData("bytes=-99", 0, 10)]
    [InlineData("bytes=0-99999999999999999999", 0, 10)]
    [InlineData("bytes=10-", 0, 0)]
    [InlineData("bytes=10-11", 0, 0)]
    [InlineData("bytes=99999999999999999999-", 0, 0)]
    [InlineData("bytes=-0", 0, 0)]
    public void A_range_is_cut_to_the_object(string header, long offset, long length)
        => Assert.Equal(new ByteRange(offset, length), ByteRange.Parse(header, 10));

    [Theory]
    [InlineData("bytes=0-1,3-4")]
    [InlineData("bytes=5-4")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes=-")]
    [InlineData("bytes=+1-2")]
    [InlineData("lines=1-2")]
    [InlineData("bytes")]
    [InlineData(null)]
    public void A_range_that_says_nothing_clear_is_ignored(string? header) => Assert.Null(ByteRange.Parse(header, 10));

    [Theory]
    [InlineData("bytes=0-", 0, 0)]
    [InlineData("bytes=-1", 0, 0)]
    public void An_empty_object_has_no_range(string header, long offset, long length)
        => Assert.Equal(new ByteRange(offset, length), ByteRange.Parse(header, 0));

    // RFC 9110 13.2.2, and the two combinations that S3's GetObject page spells out.
    [Theory]
    [InlineData("\"etag\"", null, null, "Sun, 01 Mar 2026 11:00:00 GMT", "Holds")]
    [InlineData(null, "\"etag\"", "Sun, 01 Mar 2026 11:00:00 GMT", null, "NotModified")]
    [InlineData(null, "\"other\"", "Sun, 01 Mar 2026 13:00:00 GMT", null, "Holds")]
    [InlineData("\"other\"", null, null, null, "Failed")]
    [InlineData("\"other\", \"etag\"", null, null, null, "Holds")]
    [InlineData("etag", null, null, null, "Holds")]
    [InlineData("*", null, null, null, "Holds")]
    [InlineData(null, "*", null, null, "NotModified")]
    [InlineData(null, "W/\"etag\"", null, null, "NotModified")]
    [InlineData("\"other\"", "\"etag\"", null, null, "Failed")]
    [InlineData(null, null, "Sun, 01 Mar 2026 12:00:00 GMT", null, "NotModified")]
    [InlineData(null, null, "Sun, 01 Mar 2026 11:59:59 GMT", null, "Holds")]
    [InlineData(null, null, "yesterday", null, "Holds")]
    [InlineData(null, null, null, "Sun, 01 Mar 2026 12:00:00 GMT", "Holds")]
    [InlineData(null, null, null, "Sun, 01 Mar 2026 11:59:59 GMT", "Failed")]
    [InlineData(null, null, null, "Sunday, 01-Mar-26 11:59:59 GMT", "Failed")]
    public void Conditions_have_an_order(
        string? match, string? noneMatch, string? modifiedSince, string? unmodifiedSince, string verdict)
    {
        var headers = new HeaderDictionary
        {
            ["If-Match"] = match,
            ["If-None-Match"] = noneMatch,
            ["If-Modified-Since"] = modifiedSince,
            ["If-Unmodified-Since"] = unmodifiedSince,
        };
        var version = new ObjectVersion
        {
            Bucket = "photos",
            Key = "a",
            VersionId = "null",
            Born = 1,
            ModifiedAt = Modified,
            ETag = "etag",
        };

        Assert.Equal(verdict, ReadConditions.Of(headers).Judge(version, out _).ToString());
    }

    [Fact]
    public void Xml_shows_every_character_of_a_key()
    {
        var document = new XmlAnswer("R", null).Add("Key", "a&<>\"\u0001\r\n\té😀").Finish();

        Assert.EndsWith(
            "<R><Key>a&amp;&lt;&gt;&quot;&#x1;&#xd;&#xa;&#x9;é😀</Key></R>", Encoding.UTF8.GetString(document.Span),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Xml_that_was_written_reads_the_same()
    {
        const string key = "a&<>\"\u0001\r\n\t é😀]]>";
        var document = new XmlAnswer("R").Open("Object").Add("Key", key).Close().Finish();

        Assert.False(XmlElement.Parse(document, "R").Failed(out _, out var root));
        Assert.Equal(key, root.Child("Object")!["Key"]);
    }

    [Fact]
    public void Xml_with_bare_control_characters_reads_as_it_was_meant()
        => Assert.Equal("a\u0001\u001fb", Parse("<Delete><Key>a\u0001\u001fb</Key></Delete>", "Delete")["Key"]);

    [Theory]
    [InlineData("")]
    [InlineData("<Delete>")]
    [InlineData("<Other/>")]
    [InlineData("<Delete></Delete><Delete/>")]
    [InlineData("<!DOCTYPE Delete [<!ENTITY x \"y\">]><Delete>&x;</Delete>")]
    [InlineData("<!DOCTYPE Delete SYSTEM \"file:///etc/passwd\"><Delete/>")]
    [InlineData("<Delete><a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a></Delete>")]
    [InlineData("not xml")]
    public void Xml_that_is_not_as_it_must_be_is_refused(string document)
    {
        Assert.True(XmlElement.Parse(Encoding.UTF8.GetBytes(document), "Delete").Failed(out var error, out _));
        Assert.Equal("MalformedXML", error!.Code);
    }

    [Fact]
    public void Deletions_are_read_from_xml()
    {
        var document = Parse("<Delete xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><Object><Key>a b</Key></Object>"
            + "<Object><Key>c&#x1;</Key><VersionId>v1</VersionId><ETag>\"e\"</ETag></Object><Quiet>true</Quiet></Delete>",
            "Delete");

        Assert.False(Domicile.Server.S3.DeleteObjects.Parse(document).Failed(out _, out var objects));
        Assert.Equal(("a b", null), (objects[0].Key, objects[0].VersionId));
        Assert.Equal(("c\u0001", "v1"), (objects[1].Key, objects[1].VersionId));
        Assert.Equal(["e"], objects[1].Conditions.IfMatch);
    }

    [Theory]
    [InlineData(0, "MalformedXML")]
    [InlineData(1000, null)]
    [InlineData(1001, "MalformedXML")]
    public void A_thousand_objects_can_be_deleted_at_once(int count, string? code)
    {
        var objects = string.Concat(Enumerable.Range(0, count).Select(i => $"<Object><Key>{i}</Key></Object>"));

        var outcome = Domicile.Server.S3.DeleteObjects.Parse(Parse($"<Delete>{objects}</Delete>", "Delete"));

        Assert.Equal(code, outcome.Failed(out var error, out _) ? error.Code : null);
    }

    [Theory]
    [InlineData("<Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part><Part><PartNumber>2</PartNumber><ETag>b</ETag></Part>", null)]
    [InlineData("<Part><PartNumber>2</PartNumber><ETag>a</ETag></Part><Part><PartNumber>1</PartNumber><ETag>b</ETag></Part>", "InvalidPartOrder")]
    [InlineData("<Part><PartNumber>1</PartNumber><ETag>a</ETag></Part><Part><PartNumber>1</PartNumber><ETag>b</ETag></Part>", "InvalidPartOrder")]
    [InlineData("<Part><PartNumber>0</PartNumber><ETag>a</ETag></Part>", "InvalidArgument")]
    [InlineData("<Part><PartNumber>10001</PartNumber><ETag>a</ETag></Part>", "InvalidArgument")]
    [InlineData("<Part><ETag>a</ETag></Part>", "MalformedXML")]
    [InlineData("", "MalformedXML")]
    public void Parts_are_read_from_xml(string parts, string? code)
    {
        var document = Parse($"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>", "CompleteMultipartUpload");

        var outcome = CompleteMultipartUpload.ParseParts(document);

        Assert.Equal(code, outcome.Failed(out var error, out _) ? error.Code : null);
    }

    [Theory]
    [InlineData("a=1&b=x%20y+z&c", null)]
    [InlineData("a=1&a=2", "InvalidTag")]
    [InlineData("=1", "InvalidTag")]
    [InlineData("a=%3Cscript%3E", "InvalidTag")]
    [InlineData("a=%F0%90%80%AB", null)]
    [InlineData("a=%F0%9D%84%AB", "InvalidTag")]
    [InlineData("a=%ff", "InvalidArgument")]
    [InlineData("aws:x=1", "InvalidTag")]
    [InlineData("a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=", "BadRequest")]
    public void Tags_are_read_from_a_header(string header, string? code)
        => Assert.Equal(code, TagSet.FromHeader(header).Failed(out var error, out _) ? error.Code : null);

    [Theory]
    [InlineData("/photos/a%20b", "photos", "a b", null)]
    [InlineData("photos/a%3FversionId=x", "photos", "a?versionId=x", null)]
    [InlineData("photos/a+b?versionId=abc", "photos", "a+b", "abc")]
    public void A_copy_source_names_bucket_key_and_version(string header, string bucket, string key, string? versionId)
    {
        Assert.False(CopySource.Parse(header).Failed(out _, out var source));
        Assert.Equal(new CopySource(bucket, key, versionId), source);
    }

    [Theory]
    [InlineData("photos")]
    [InlineData("photos/")]
    [InlineData("/")]
    [InlineData("photos/a?versionId=")]
    [InlineData("photos/%zz")]
    public void A_copy_source_without_a_key_is_refused(string header)
    {
        Assert.True(CopySource.Parse(header).Failed(out var error, out _));
        Assert.Equal("InvalidArgument", error!.Code);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("é😀\u0001/")]
    [InlineData("")]
    public void A_continuation_token_says_where_to_go_on(string after)
    {
        Assert.False(ListArguments.FromToken(ListArguments.ToToken(after)).Failed(out _, out var read));
        Assert.Equal(after, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2YQ")]
    [InlineData("1%%%")]
    [InlineData("1_w")]
    public void A_continuation_token_that_was_not_given_is_refused(string token)
    {
        Assert.True(ListArguments.FromToken(token).Failed(out var error, out _));
        Assert.Equal("InvalidArgument", error!.Code);
    }

    [Theory]
    [InlineData("x\r\nSet-Cookie: a=b", "=?UTF-8?B?eA0KU2V0LUNvb2tpZTogYT1i?=")]
    [InlineData("é", "=?UTF-8?B?w6k=?=")]
    [InlineData("plain ~", "plain ~")]
    public void A_stored_value_cannot_break_out_of_its_header(string value, string shown)
        => Assert.Equal(shown, S3Answer.HeaderText(value));

    [Theory]
    [InlineData("aws-chunked", null)]
    [InlineData("aws-chunked,gzip", "gzip")]
    [InlineData("gzip, aws-chunked", "gzip")]
    [InlineData("gzip", "gzip")]
    public void How_a_body_travelled_is_not_stored(string header, string? stored)
    {
        Assert.False(RequestHeaders.Read(new HeaderDictionary { ["Content-Encoding"] = header }).Failed(out _, out var headers));
        Assert.Equal(stored, headers.ContentEncoding);
    }

    [Theory]
    [InlineData("x-amz-server-side-encryption-customer-key", "x", "NotImplemented")]
    [InlineData("x-amz-server-side-encryption", "aws:kms", "NotImplemented")]
    [InlineData("x-amz-server-side-encryption", "AES256", null)]
    [InlineData("x-amz-object-lock-mode", "GOVERNANCE", "NotImplemented")]
    [InlineData("x-amz-acl", "public-read", "AccessControlListNotSupported")]
    [InlineData("x-amz-acl", "private", null)]
    [InlineData("x-amz-grant-read", "uri=x", "AccessControlListNotSupported")]
    [InlineData("x-amz-storage-class", "BEST", "InvalidStorageClass")]
    public void What_cannot_be_kept_is_refused(string header, string value, string? code)
        => Assert.Equal(
            code, RequestHeaders.Read(new HeaderDictionary { [header] = value }).Failed(out var error, out _) ? error.Code : null);

    [Theory]
    [InlineData(2044, null)]
    [InlineData(2045, "MetadataTooLarge")]
    public void User_metadata_has_at_most_2_KiB(int valueBytes, string? code)
    {
        var headers = new HeaderDictionary { ["X-Amz-Meta-Name"] = new string('x', valueBytes) };

        Assert.Equal(code, RequestHeaders.Read(headers).Failed(out var error, out _) ? error.Code : null);
    }

    private static XmlElement Parse(string document, string root)
    {
        Assert.False(XmlElement.Parse(Encoding.UTF8.GetBytes(document), root).Failed(out var error, out var element), error?.Code);
        return element!;
    }
}
