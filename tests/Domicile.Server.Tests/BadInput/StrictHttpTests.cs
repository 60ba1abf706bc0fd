using System.Text;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.BadInput;

/// <summary>
/// Goal: what is no HTTP/1.1 is answered 400, once, and the connection closed, whatever the server's parser would make of it;
/// the request before it has its answer. Method: a valid signed request, changed after it was signed, and a second one behind
/// it on the same connection, which must never be served.
/// </summary>
public class StrictHttpTests(SharedDeployment shared) : BadInputTests(shared)
{
    private const string Object = $"/{Bucket}/a";
    private const string Length = "Content-Length: 7\r\n";

    [Theory]
    [InlineData("RFC 9112, 2.2: a bare LF", "HTTP/1.1\r\n", "HTTP/1.1\n")]
    [InlineData("RFC 9112, 2.2: a bare LF at the head's end", "Connection: close\r\n\r\n", "Connection: close\r\n\n")]
    [InlineData("RFC 9112, 2.2: a bare CR", "Connection: close\r\n", "Connection: close\rx: y\r\n")]
    [InlineData("RFC 9112, 5.2: obs-fold", "Connection: close\r\n", "Connection: close\r\n x\r\n")]
    [InlineData("RFC 9112, 5.1: white space before the colon", "Connection: ", "Connection : ")]
    [InlineData("RFC 9110, 5.1: a name that is no token", "Connection: close\r\n", "Connection: close\r\nx(: y\r\n")]
    [InlineData("RFC 9110, 5.5: a NUL", "Connection: close\r\n", "Connection: close\r\nx: a\0b\r\n")]
    [InlineData("RFC 9110, 5.5: a control", "Connection: close\r\n", "Connection: close\r\nx: a\u0001b\r\n")]
    [InlineData("RFC 9112, 3: two spaces", "PUT ", "PUT  ")]
    [InlineData("RFC 9112, 3: a space in the target", Object, Object + " b")]
    [InlineData("RFC 9112, 3.1: a method that is no token", "PUT ", "P(T ")]
    [InlineData("RFC 9112, 3.2: a target beyond ASCII", Object, Object + "\u00e9")]
    [InlineData("RFC 9112, 2.3: another version", "HTTP/1.1\r\n", "HTTP/1.2\r\n")]
    [InlineData("RFC 9110, 8.6: a sign", Length, "Content-Length: +7\r\n")]
    [InlineData("RFC 9110, 8.6: a leading zero", Length, "Content-Length: 07\r\n")]
    [InlineData("RFC 9110, 8.6: a list", Length, "Content-Length: 7, 7\r\n")]
    [InlineData("RFC 9112, 6.3: twice, though equal", Length, Length + Length)]
    [InlineData("RFC 9110, 8.6: too large", Length, "Content-Length: 99999999999999999999\r\n")]
    [InlineData("RFC 9112, 6.3: both lengths", Length, Length + "Transfer-Encoding: chunked\r\n")]
    [InlineData("RFC 9112, 6.1: chunked twice", Length, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("RFC 9112, 7: identity", Length, "Transfer-Encoding: identity\r\n")]
    [InlineData("RFC 9112, 6.1: gzip, chunked", Length, "Transfer-Encoding: gzip, chunked\r\n")]
    [InlineData("RFC 9112, 3.2: an empty Host", "host: ", "host: \r\nx: ")]
    [InlineData("RFC 9112, 3.2: no Host", "host: ", "x: ")]
    [InlineData("RFC 9112, 3.2: two Hosts", "host: ", "host: other\r\nhost: ")]
    [InlineData("RFC 9110, 7.2: a Host that no authority is", "host: ", "host: a/")]
    [InlineData("RFC 9112, 3.2.2: another authority than Host", "PUT ", "PUT http://other")]
    [InlineData("RFC 9112, 3.2.2: a scheme that is not HTTP's", "PUT ", "PUT ftp://other")]
    public async Task What_is_no_http_is_answered_400_once_and_the_connection_closed(string clause, string was, string becomes)
    {
        var before = Request("GET", $"/{Bucket}?location") with { ChangeHead = KeepAlive };
        var wrong = Request("PUT", Object, "content") with { ChangeHead = head => head.Replace(was, becomes, StringComparison.Ordinal) };
        var after = Request("PUT", $"/{Bucket}/b", "smuggled");

        var answers = await AskAllAsync(before, wrong, after);

        Assert.True("200 400" == answers, $"{clause}: {answers}");
        await NothingIsStoredAsync();
    }

    [Theory]
    [InlineData("RFC 9112, 7.1: 0x", "0x7\r\ncontent\r\n0\r\n\r\n")]
    [InlineData("RFC 9112, 7.1: a blank", "7 \r\ncontent\r\n0\r\n\r\n")]
    [InlineData("RFC 9112, 7.1: a bare LF", "7\ncontent\r\n0\r\n\r\n")]
    [InlineData("RFC 9112, 7.1: 17 digits", "00000000000000007\r\ncontent\r\n0\r\n\r\n")]
    [InlineData("RFC 9112, 7.1: data longer than said", "6\r\ncontent\r\n0\r\n\r\n")]
    [InlineData("RFC 9112, 7.1.1: a bare LF in an extension", "7;a\nb\r\ncontent\r\n0\r\n\r\n")]
    [InlineData("RFC 9112, 7.1.1: an extension without a name", "7;\r\ncontent\r\n0\r\n\r\n")]
    [InlineData("RFC 9112, 7.1.2: a trailer that is no field", "7\r\ncontent\r\n0\r\nx\r\n\r\n")]
    public async Task A_chunk_that_is_none_ends_the_connection_and_stores_nothing(string clause, string body)
    {
        var request = Request("PUT", Object, body) with
        {
            PayloadHash = "UNSIGNED-PAYLOAD",
            Headers = [("x-amz-decoded-content-length", "7")],
            ChangeHead = head => string.Concat(head.Split("\r\n").Select(
                line => line.StartsWith("Content-Length", StringComparison.Ordinal) ? "Transfer-Encoding: chunked\r\n"
                    : line.StartsWith("Connection", StringComparison.Ordinal) || line.Length == 0 ? "" : line + "\r\n")) + "\r\n",
        };

        var answers = await AskAllAsync(request, Request("PUT", $"/{Bucket}/b", "smuggled"));

        // S3 wants the length of such a body first, and may say so before it has read any of it.
        Assert.True(answers is "400" or "411", $"{clause}: {answers}");
        await NothingIsStoredAsync();
    }

    // RFC 9110, 10.1.1.
    [Fact]
    public async Task An_expectation_that_nobody_knows_is_answered_417()
    {
        var answer = await AskAsync(Request("PUT", Object, "content") with { Unsigned = [("Expect", "200-ok")] });

        Assert.Equal(417, answer.Status);
        await NothingIsStoredAsync();
    }

    private static string KeepAlive(string head) => head.Replace("Connection: close\r\n", "", StringComparison.Ordinal);

    /// <summary>The statuses of all answers to requests that are sent at once over one connection.</summary>
    private async Task<string> AskAllAsync(params RawRequest[] requests)
    {
        var bytes = requests.SelectMany(request => Encoding.Latin1.GetBytes(request.Head()).Concat(request.Body)).ToArray();
        var answer = await RawConnection.AskAsync(Endpoint, bytes);
        return string.Join(' ', answer.Text.Split("HTTP/1.1 ").Skip(1).Select(text => text[..3]));
    }
}
