using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.BadInput;

/// <summary>Bodies and headers that are too short, too long, tampered with, or an attack on whoever reads them.</summary>
public class BodyTests(SharedDeployment shared) : BadInputTests(shared)
{
    private const string Streaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    private const string Object = $"/{Bucket}/a";

    [Theory]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA==", 400, "BadDigest")]
    [InlineData("not base64", 400, "InvalidDigest")]
    [InlineData("AAAA", 400, "InvalidDigest")]
    [InlineData("", 400, "InvalidDigest")]
    public async Task A_false_md5_is_refused(string md5, int status, string code)
    {
        await RefusedAsync(Request("PUT", Object, "content") with { Headers = [("content-md5", md5)] }, status, code);
        await NothingIsStoredAsync();
    }

    [Theory]
    [InlineData("x-amz-checksum-crc32", "AAAAAA==", "BadDigest")]
    [InlineData("x-amz-checksum-crc32", "AAAA", "InvalidRequest")]
    [InlineData("x-amz-checksum-sha256", "%%%", "InvalidRequest")]
    [InlineData("x-amz-checksum-crc32c", "AAAAAA==", "BadDigest")]
    [InlineData("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=", "BadDigest")]
    public async Task A_false_checksum_is_refused(string header, string value, string code)
    {
        await RefusedAsync(Request("PUT", Object, "content") with { Headers = [(header, value)] }, 400, code);
        await NothingIsStoredAsync();
    }

    [Fact]
    public async Task A_body_that_ends_early_is_not_stored()
    {
        var answer = await AskAsync(Request("PUT", Object, "content") with { ContentLength = "1000" }, closeAfter: true);

        // The client is gone, or is told that its body is incomplete.
        Assert.Contains((answer.Status, answer.Code), new List<(int, string)> { (0, ""), (400, "IncompleteBody"), (400, "RequestTimeout") });
        await ServesAsync();
        await NothingIsStoredAsync();
    }

    [Fact]
    public async Task What_comes_after_the_body_is_not_part_of_it()
    {
        var request = Request("PUT", Object, "content and more") with { ContentLength = "7", PayloadHash = HashOf("content") };

        var answer = await AskAsync(request);

        Assert.Equal(200, answer.Status);
        Assert.Equal("content", await GetTextAsync("a"));
    }

    // RFC 9112 6.3: who gives two lengths may be smuggling a request past a proxy.
    [Theory]
    [InlineData("Content-Length: 7\r\n", "Content-Length: 7\r\nContent-Length: 8\r\n")]
    [InlineData("Content-Length: 7\r\n", "Content-Length: -1\r\n")]
    [InlineData("Content-Length: 7\r\n", "Content-Length: 7x\r\n")]
    [InlineData("Content-Length: 7\r\n", "Content-Length: 99999999999999999999999\r\n")]
    [InlineData("Content-Length: 7\r\n", "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("Content-Length: 7\r\n", "Transfer-Encoding: identity, chunked, x\r\n")]
    [InlineData("Host: ", "Host: other\r\nHost: ")]
    [InlineData("HTTP/1.1\r\n", "HTTP/1.1\r\nno header\r\n")]
    [InlineData("HTTP/1.1\r\n", "HTTP/9.9\r\n")]
    [InlineData("x-amz-date: ", "x-amz date: ")]
    [InlineData("x-amz-date: ", "x-amz-da\0te: ")]
    public async Task A_head_that_breaks_http_is_refused(string was, string becomes)
    {
        var request = Request("PUT", Object, "content") with
        {
            ChangeHead = head => head.Replace("host: ", "Host: ", StringComparison.Ordinal).Replace(was, becomes, StringComparison.Ordinal),
        };

        var answer = await AskAsync(request);

        Assert.InRange(answer.Status, 400, 505);
        await ServesAsync();
        await NothingIsStoredAsync();
    }

    [Fact]
    public async Task A_put_without_a_length_is_refused()
        => await RefusedAsync(
            Request("PUT", Object) with { ChangeHead = head => head.Replace("Content-Length: 0\r\n", "", StringComparison.Ordinal) },
            411, "MissingContentLength");

    [Fact]
    public async Task A_put_of_more_than_5_gigabytes_is_refused_before_its_body()
        => await RefusedAsync(
            Request("PUT", Object) with { ContentLength = "5368709121", PayloadHash = "UNSIGNED-PAYLOAD" }, 400, "EntityTooLarge");

    [Fact]
    public async Task A_head_of_ten_megabytes_is_refused()
    {
        var request = Request("GET", $"/{Bucket}") with { Unsigned = [("x-long", new string('x', 10_000_000))] };

        var answer = await AskAsync(request);

        // 0: it hung up while we still sent. RFC 6585: 431 Request Header Fields Too Large.
        Assert.Contains(answer.Status, new List<int> { 0, 400, 431 });
        await ServesAsync();
    }

    [Fact]
    public async Task A_head_of_ten_thousand_headers_is_refused()
    {
        var request = Request("GET", $"/{Bucket}") with
        {
            Unsigned = [.. Enumerable.Range(0, 10_000).Select(number => ($"x-{number}", "x"))],
        };

        Assert.Contains((await AskAsync(request)).Status, new List<int> { 0, 400, 431 });
        await ServesAsync();
    }

    [Fact]
    public async Task A_target_of_a_megabyte_is_refused()
    {
        Assert.Contains((await AskAsync(Request("GET", $"/{Bucket}/{new string('x', 1_000_000)}"))).Status, new List<int> { 0, 400, 414 });
        await ServesAsync();
    }

    [Fact]
    public async Task More_than_2_kilobytes_of_metadata_are_refused()
        => await RefusedAsync(
            Request("PUT", Object, "content") with { Headers = [("x-amz-meta-long", new string('x', 2048))] }, 400, "MetadataTooLarge");

    [Theory]
    [InlineData("x-amz-meta-ü", "x")]
    [InlineData("x-amz-meta-", "x")]
    public async Task Odd_metadata_is_kept_or_refused_and_breaks_nothing(string name, string value)
    {
        var answer = await AskAsync(Request("PUT", Object, "content") with { Headers = [(name, value)] });

        Assert.InRange(answer.Status, 200, 403);
        if (answer.Status == 200)
        {
            Assert.Equal(200, (await AskAsync(Request("GET", Object))).Status);
        }

        await ServesAsync();
    }

    [Theory]
    [InlineData("grüße 照片 😀")]
    [InlineData("\t tab and spaces \t")]
    [InlineData("=?UTF-8?B?eA==?=")]
    [InlineData("\u0080\u009F")]
    public async Task Metadata_of_any_text_comes_back_in_one_header(string value)
    {
        var put = await AskAsync(Request("PUT", Object, "content") with { Headers = [("x-amz-meta-by", value)] });
        Assert.Contains(put.Status, new List<int> { 200, 400, 403 });
        if (put.Status != 200)
        {
            return;
        }

        var answer = await AskAsync(Request("GET", Object));

        var line = Assert.Single(answer.Text.Split("\r\n"), line => line.StartsWith("x-amz-meta-by: ", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(line, c => c is < ' ' or > '~');
        Assert.EndsWith("\r\n\r\ncontent", answer.Text, StringComparison.Ordinal);
    }

    // A presigned URL or a stored header that carries a line end must not become a header of its own.
    [Theory]
    [InlineData("response-content-type=a%0D%0ASet-Cookie:%20x")]
    [InlineData("response-content-disposition=a%0ASet-Cookie:%20x")]
    [InlineData("response-cache-control=%00")]
    public async Task A_line_end_in_a_value_makes_no_header(string query)
    {
        await PutAsync("a", "content");

        var answer = await AskAsync(Request("GET", $"{Object}?{query.Replace(":", "%3A", StringComparison.Ordinal)}"));

        Assert.Equal(400, answer.Status);
        Assert.DoesNotContain("\nSet-Cookie", answer.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("bytes=10-5", 200)]
    [InlineData("bytes=a-b", 200)]
    [InlineData("items=0-1", 200)]
    [InlineData("bytes=0-1,3-4", 200)]
    [InlineData("bytes=--1", 200)]
    [InlineData("bytes=99999999999999999999999-", 416)]
    [InlineData("bytes=7-", 416)]
    [InlineData("bytes=-0", 416)]
    [InlineData("bytes=0-99999999999999999999999", 206)]
    [InlineData("bytes=-99999999999999999999999", 206)]
    public async Task A_range_is_followed_ignored_or_refused(string range, int status)
    {
        await PutAsync("a", "content");

        var answer = await AskAsync(Request("GET", Object) with { Headers = [("range", range)] });

        Assert.Equal((status, status == 416 ? "InvalidRange" : ""), (answer.Status, answer.Code));
    }

    [Theory]
    [InlineData("if-modified-since", "yesterday")]
    [InlineData("if-unmodified-since", "31 Feb 2026")]
    [InlineData("if-range", "\"x\"")]
    public async Task A_condition_that_says_nothing_is_ignored(string header, string value)
    {
        await PutAsync("a", "content");

        Assert.Equal(200, (await AskAsync(Request("GET", Object) with { Headers = [(header, value)] })).Status);
    }

    [Theory]
    [InlineData("cont", "cont", 200, "")]
    [InlineData("4;", "5;", 400, "IncompleteBody")]
    [InlineData("4;chunk", "4;chunky", 403, "SignatureDoesNotMatch")]
    [InlineData("cont", "cant", 403, "SignatureDoesNotMatch")]
    [InlineData("chunk-signature=", "chunk-signature=0", 403, "SignatureDoesNotMatch")]
    [InlineData("\r\n0;", "\r\n1;", 400, "IncompleteBody")]
    [InlineData("4;", "ffffffffffffffff;", 400, "")]
    [InlineData("4;", "-4;", 400, "")]
    [InlineData("4;", "zz;", 400, "")]
    public async Task A_chunked_body_that_was_tampered_with_is_refused(string was, string becomes, int status, string code)
    {
        var answer = await AskAsync(Chunked("cont", "ent", body => body.Replace(was, becomes, StringComparison.Ordinal)));

        if (status == 200)
        {
            Assert.Equal(200, answer.Status);
            Assert.Equal("content", await GetTextAsync("a"));
            return;
        }

        Assert.True(answer.Status is 400 or 403, answer.Text);
        Assert.True(code.Length == 0 || code == answer.Code || answer.Status == status, answer.Text);
        await ServesAsync();
        await NothingIsStoredAsync();
    }

    [Fact]
    public async Task Chunks_of_another_length_than_announced_are_refused()
    {
        var request = Chunked("cont", "ent", body => body);

        var answer = await AskAsync(request with
        {
            ChangeHead = head => head.Replace("x-amz-decoded-content-length: 7", "x-amz-decoded-content-length: 8", StringComparison.Ordinal),
        });

        Assert.Contains(answer.Status, new List<int> { 400, 403 });
        await NothingIsStoredAsync();
    }

    [Fact]
    public async Task Bytes_that_are_no_http_end_the_connection_and_nothing_else()
    {
        foreach (var noise in (byte[][])[Bytes(4096), [0x16, 0x03, 0x01, 0x02, 0x00], Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "\r\n\r\n\r\n"u8.ToArray(), "GET"u8.ToArray()])
        {
            Assert.Contains((await RawConnection.AskAsync(Endpoint, noise, closeAfter: true)).Status, new List<int> { 0, 400, 505 });
        }

        await ServesAsync();
    }

    // botocore waits for "100 Continue" before empty bodies too, and mixes up answers if the connection goes on without it.
    [Fact]
    public async Task An_answer_without_100_continue_ends_its_connection()
    {
        var request = Request("PUT", Object) with
        {
            Unsigned = [("Expect", "100-continue")],
            ChangeHead = head => head.Replace("Connection: close\r\n", "", StringComparison.Ordinal),
        };

        var answer = await AskAsync(request);

        Assert.Equal(200, answer.Status);
        Assert.Contains("\r\nConnection: close\r\n", answer.Text, StringComparison.Ordinal);
    }

    // Many who connect and say nothing, or begin and never end, keep nobody else from being served.
    [Fact]
    public async Task Connections_that_say_nothing_keep_nobody_waiting()
    {
        var idle = new List<TcpClient>();
        try
        {
            for (var number = 0; number < 200; number++)
            {
                var client = new TcpClient();
                idle.Add(client);
                await client.ConnectAsync(Endpoint.Host, Endpoint.Port, Cancelled);
                await client.GetStream().WriteAsync("PUT /photos/a HTTP/1.1\r\nHost:"u8.ToArray(), Cancelled);
            }

            await ServesAsync();
        }
        finally
        {
            idle.ForEach(client => client.Dispose());
        }
    }

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>A body in signed chunks (Amazon S3 API Reference, "Transferring Payload in Multiple Chunks").</summary>
    private RawRequest Chunked(string first, string second, Func<string, string> tamper)
    {
        var length = (first.Length + second.Length).ToString(CultureInfo.InvariantCulture);
        var request = Request("PUT", Object) with { PayloadHash = Streaming, Headers = [("x-amz-decoded-content-length", length)] };
        var head = request.Head();
        var start = head.IndexOf("Signature=", StringComparison.Ordinal) + "Signature=".Length;
        var signature = head[start..(start + 64)];
        var body = new StringBuilder();
        foreach (var chunk in (string[])[first, second, ""])
        {
            signature = request.SignChunk(signature, Encoding.UTF8.GetBytes(chunk));
            body.Append(CultureInfo.InvariantCulture, $"{chunk.Length:x};chunk-signature={signature}\r\n{chunk}\r\n");
        }

        var bytes = Encoding.UTF8.GetBytes(tamper(body.ToString()));
        return request with { Body = bytes };
    }
}
