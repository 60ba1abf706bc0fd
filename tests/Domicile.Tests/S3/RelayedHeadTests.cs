using System.Text;
using Domicile.Server.S3.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace Domicile.Tests.S3;

/// <summary>
/// The head of a relayed request comes from a region that may say anything. Goal: it means what the client has signed, or is
/// refused.
/// </summary>
public sealed class RelayedHeadTests
{
    private static readonly string[] Hosts = ["s3.test", "eu.s3.test"];

    [Theory]
    [InlineData("127.0.0.1:9101", "127")]
    [InlineData("s3.test", "s3")]
    [InlineData("eu.s3.test", "eu")]
    [InlineData("photos.s3.test", null)]
    [InlineData("photos.s3.test", "other")]
    [InlineData("photos.s3.test", "")]
    [InlineData("photos.eu.s3.test", "photos.eu")]
    [InlineData(null, "photos")]
    public void A_relay_that_reads_the_host_otherwise_is_refused(string? host, string? claim)
    {
        Assert.True(RequestTarget.Parse("/photos/a", host, Hosts, claim).Failed(out var error, out _));
        Assert.Equal("InvalidRequest", error!.Code);
    }

    [Theory]
    [InlineData("127.0.0.1:9101", null, "photos", "a")]
    [InlineData("s3.test", null, "photos", "a")]
    [InlineData("eu.s3.test:443", null, "photos", "a")]
    [InlineData("mine.s3.test", "mine", "mine", "photos/a")]
    [InlineData("Mine.EU.s3.test", "mine", "mine", "photos/a")]
    public void Both_read_the_same_in_whatever_order_the_hosts_stand(string host, string? claim, string bucket, string key)
    {
        foreach (var hosts in new[] { Hosts, [.. Hosts.Reverse()] })
        {
            Assert.False(RequestTarget.Parse("/photos/a", host, hosts, claim).Failed(out _, out var target));
            Assert.Equal((bucket, key), (target.Bucket, target.Key));
        }
    }

    [Theory]
    [InlineData("http://other.test/photos/a")]
    [InlineData("https://s3.test@other.test/photos/a")]
    [InlineData("/photos/é")]
    [InlineData("/photos/a b")]
    [InlineData("/photos/a\r\nx: y")]
    [InlineData("")]
    public void A_target_of_another_authority_or_other_characters_is_refused(string target)
    {
        Assert.True(RequestTarget.Parse(target, "s3.test", Hosts, null).Failed(out var error, out _));
        Assert.Equal("InvalidURI", error!.Code);
    }

    [Theory]
    [InlineData("Authorization", "InvalidArgument")]
    [InlineData("range", "InvalidArgument")]
    [InlineData("X-Amz-Date", "InvalidArgument")]
    [InlineData("content-encoding", null)]
    [InlineData("x-amz-meta-a", null)]
    public void What_may_come_once_comes_once(string name, string? code)
    {
        var headers = new HeaderDictionary { [name] = new StringValues(["a", "a"]) };

        Assert.Equal(code, RequestHeads.Check(headers)?.Code);
    }

    [Theory]
    [InlineData("a\0b", "InvalidRequest")]
    [InlineData("a\r\nb", "InvalidRequest")]
    [InlineData("a\u007fb", "InvalidRequest")]
    [InlineData("a\tb", null)]
    [InlineData("é", null)]
    public void A_value_has_no_control_characters(string value, string? code)
        => Assert.Equal(code, RequestHeads.Check(new HeaderDictionary { ["x-amz-meta-a"] = value })?.Code);

    [Fact]
    public void A_head_arrives_as_it_was_sent()
    {
        var sent = new ClientRequest(
            "PUT", "/photos/a%2F?x=%00", [new("Host", "s3.test"), new("content-encoding", "gzip"),
                new("x-amz-meta-a", "é\t\"\\<\U0001F600"), new("content-encoding", "br"), new("x-empty", "")], "photos");

        var read = ClientRequest.TryDecode(sent.Encode());

        Assert.NotNull(read);
        Assert.Equal((sent.Method, sent.Target, sent.HostBucket), (read.Method, read.Target, read.HostBucket));
        Assert.Equal(sent.Headers, read.Headers);
        Assert.Equal("gzip,br", read.ToHeaders()["Content-Encoding"].ToString());
    }

    public static TheoryData<string> Hostile => new(
        "", "null", "[]", "1", "{}", "\u00ff", Head().TrimEnd('}'), Head() + Head(), Head(method: "null"), Head(method: "\"\""),
        Head(method: "\"GET /x\""), Head(method: "1"), Head(target: "null"), Head(target: "\"\""), Head(target: "\"/\\u0000\""),
        Head(target: "\"/é\""), Head(target: "\"/ HTTP/1.1\\r\\n\""), Head(headers: "null"), Head(headers: "{}"),
        Head(headers: "[null]"), Head(headers: "[1]"), Head(headers: "[{\"name\":\"a\"}]"),
        Head(headers: "[{\"name\":null,\"value\":\"b\"}]"), Head(headers: "[{\"name\":\"a\",\"value\":null}]"),
        Head(headers: "[{\"name\":\"\",\"value\":\"b\"}]"), Head(headers: "[{\"name\":\"a:\",\"value\":\"b\"}]"),
        Head(headers: "[{\"name\":\"a\\n\",\"value\":\"b\"}]"), Head(headers: "[{\"name\":\"a\",\"value\":\"b\\r\\nc: d\"}]"),
        Head(headers: "[{\"name\":\"a\",\"value\":\"b\\u0000\"}]"), Head(headers: "[{\"name\":\"a\",\"value\":\"b\",\"more\":1}]"),
        Head(more: ",\"more\":1"), Head(more: ",\"method\":\"PUT\""), Head(headers: new string('[', 100_000)));

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_head_that_no_node_could_have_read_is_none(string json)
        => Assert.Null(ClientRequest.TryDecode(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void The_head_that_the_hostile_ones_are_made_of_is_one()
        => Assert.NotNull(ClientRequest.TryDecode(Encoding.UTF8.GetBytes(Head())));

    private static string Head(
        string method = "\"GET\"", string target = "\"/\"", string headers = "[{\"name\":\"a\",\"value\":\"b\"}]", string more = "")
        => $$"""{"method":{{method}},"target":{{target}},"headers":{{headers}},"hostBucket":null{{more}}}""";
}
