using System.Text;
using Domicile.Server.Hosting.StrictHttp;
using Xunit;

namespace Domicile.Tests.Hosting;

/// <summary>
/// Goal: valid requests pass as they are, whatever pieces they come in, and of an invalid one nothing passes from the line on
/// that is wrong. Method: bytes through a pipe, in every split.
/// </summary>
public sealed class StrictReaderTests
{
    private const string Host = "Host: photos.example:9000\r\n";
    private const string Next = "GET /next HTTP/1.1\r\n" + Host + "\r\n";

    public static TheoryData<string> Valid { get; } = new(
        "GET /a?b=c HTTP/1.1\r\n" + Host + "\r\n",
        "\r\nGET / HTTP/1.0\r\n\r\n",
        "PUT /a HTTP/1.1\r\n" + Host + "Content-Length: 13\r\nX-Empty:\r\nx-tab:\ta\tb \r\nx-utf8: \u00c3\u00a9\r\n\r\n" + "GET / HTTP/9\n" + Next,
        "PUT /a HTTP/1.1\r\n" + Host + "content-length:\t0 \r\n\r\n" + Next,
        "PUT /a HTTP/1.1\r\n" + Host + "Transfer-Encoding: Chunked\r\n\r\n5\r\na\r\nbc\r\n1a;n=v;q=\"a \\\" ;b\";f\r\n"
            + "abcdefghijklmnopqrstuvwxyz\r\n000\r\nX-Sum: 1\r\n\r\n" + Next,
        "GET http://Photos.example:9000/a HTTP/1.1\r\n" + Host + "\r\n",
        "GET HTTPS://[::1]:9000/a HTTP/1.1\r\nhost: [::1]:9000\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\n" + Host + "\r\n" + Next + Next);

    // Each is the request's first part that must not pass, then what must not pass from there on.
    public static TheoryData<string, string, string> Invalid { get; } = new()
    {
        { "RFC 9112, 2.2: a bare LF", "", "GET / HTTP/1.1\n" + Host + "\r\n" },
        { "RFC 9112, 2.2: a bare LF after a header", "GET / HTTP/1.1\r\n", "Host: a\n\r\n" },
        { "RFC 9112, 2.2: a bare LF at a head's end", "GET / HTTP/1.1\r\n" + Host, "\n" },
        { "RFC 9112, 2.2: a bare CR", "GET / HTTP/1.1\r\n" + Host, "x: a\rb\r\n\r\n" },
        { "RFC 9112, 2.2: white space before the first header", "GET / HTTP/1.1\r\n", " " + Host + "\r\n" },
        { "RFC 9112, 2.2: two empty lines before a request", "\r\n", "\r\nGET / HTTP/1.1\r\n" + Host + "\r\n" },
        { "RFC 9112, 5.2: obs-fold", "GET / HTTP/1.1\r\n" + Host + "x: a\r\n", " b\r\n\r\n" },
        { "RFC 9112, 5.2: obs-fold by a tab", "GET / HTTP/1.1\r\n" + Host + "x: a\r\n", "\tb\r\n\r\n" },
        { "RFC 9112, 5.1: white space before the colon", "GET / HTTP/1.1\r\n" + Host, "x : a\r\n\r\n" },
        { "RFC 9110, 5.1: a name that is no token", "GET / HTTP/1.1\r\n" + Host, "x(y): a\r\n\r\n" },
        { "RFC 9110, 5.1: a name beyond ASCII", "GET / HTTP/1.1\r\n" + Host, "x\u00e9: a\r\n\r\n" },
        { "RFC 9110, 5.1: no name", "GET / HTTP/1.1\r\n" + Host, ": a\r\n\r\n" },
        { "RFC 9112, 5: no colon", "GET / HTTP/1.1\r\n" + Host, "x\r\n\r\n" },
        { "RFC 9110, 5.5: a NUL", "GET / HTTP/1.1\r\n" + Host, "x: a\0b\r\n\r\n" },
        { "RFC 9110, 5.5: a control", "GET / HTTP/1.1\r\n" + Host, "x: a\u001bb\r\n\r\n" },
        { "RFC 9110, 5.5: DEL", "GET / HTTP/1.1\r\n" + Host, "x: a\u007fb\r\n\r\n" },
        { "RFC 9112, 3: two spaces after the method", "", "GET  / HTTP/1.1\r\n" + Host + "\r\n" },
        { "RFC 9112, 3: two spaces before the version", "", "GET /  HTTP/1.1\r\n" + Host + "\r\n" },
        { "RFC 9112, 3: a space in the target", "", "GET /a b HTTP/1.1\r\n" + Host + "\r\n" },
        { "RFC 9112, 3: a tab", "", "GET\t/ HTTP/1.1\r\n" + Host + "\r\n" },
        { "RFC 9112, 3: a space after the version", "", "GET / HTTP/1.1 \r\n" + Host + "\r\n" },
        { "RFC 9112, 3: no version", "", "GET /\r\n" },
        { "RFC 9112, 3.1: a method that is no token", "", "G(T / HTTP/1.1\r\n" + Host + "\r\n" },
        { "RFC 9112, 3.2: a target beyond ASCII", "", "GET /\u00e9 HTTP/1.1\r\n" + Host + "\r\n" },
        { "RFC 9112, 3.2: a control in the target", "", "GET /\u0001 HTTP/1.1\r\n" + Host + "\r\n" },
        { "RFC 9112, 3.2: a target of no form", "", "GET a HTTP/1.1\r\n" + Host + "\r\n" },
        { "RFC 9112, 3.2.2: a scheme that is not HTTP's", "", "GET ftp://photos.example:9000/ HTTP/1.1\r\n" + Host + "\r\n" },
        { "RFC 9110, 4.2.4: user information", "", "GET http://u@photos.example:9000/ HTTP/1.1\r\n" + Host + "\r\n" },
        { "RFC 9112, 3.2.2: another authority than Host", "GET http://other/ HTTP/1.1\r\n", Host + "\r\n" },
        { "RFC 9112, 2.3: another version", "", "GET / HTTP/1.2\r\n" + Host + "\r\n" },
        { "RFC 9112, 2.3: a version in lower case", "", "GET / http/1.1\r\n" + Host + "\r\n" },
        { "RFC 9113, 3.4: HTTP/2's preface", "", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
        { "RFC 9112, 3.2: no Host", "GET / HTTP/1.1\r\n", "\r\n" },
        { "RFC 9112, 3.2: an empty Host", "GET / HTTP/1.1\r\n", "Host: \r\n\r\n" },
        { "RFC 9112, 3.2: two Hosts, though equal", "GET / HTTP/1.1\r\n" + Host, Host + "\r\n" },
        { "RFC 9110, 7.2: a Host with a path", "GET / HTTP/1.1\r\n", "Host: a/b\r\n\r\n" },
        { "RFC 9110, 7.2: a Host with a space", "GET / HTTP/1.1\r\n", "Host: a b\r\n\r\n" },
        { "RFC 9110, 7.2: a Host with user information", "GET / HTTP/1.1\r\n", "Host: u@a\r\n\r\n" },
        { "RFC 9110, 7.2: a port that is none", "GET / HTTP/1.1\r\n", "Host: a:b\r\n\r\n" },
        { "RFC 9110, 8.6: a sign", "PUT / HTTP/1.1\r\n" + Host, "Content-Length: +1\r\n\r\na" },
        { "RFC 9110, 8.6: a minus", "PUT / HTTP/1.1\r\n" + Host, "Content-Length: -1\r\n\r\na" },
        { "RFC 9110, 8.6: a leading zero", "PUT / HTTP/1.1\r\n" + Host, "Content-Length: 01\r\n\r\na" },
        { "RFC 9110, 8.6: a blank inside", "PUT / HTTP/1.1\r\n" + Host, "Content-Length: 1 1\r\n\r\na" },
        { "RFC 9110, 8.6: a list", "PUT / HTTP/1.1\r\n" + Host, "Content-Length: 1, 1\r\n\r\na" },
        { "RFC 9110, 8.6: hexadecimal", "PUT / HTTP/1.1\r\n" + Host, "Content-Length: 0x1\r\n\r\na" },
        { "RFC 9110, 8.6: none", "PUT / HTTP/1.1\r\n" + Host, "Content-Length:\r\n\r\na" },
        { "RFC 9112, 6.3: twice, though equal", "PUT / HTTP/1.1\r\n" + Host + "Content-Length: 1\r\n", "Content-Length: 1\r\n\r\na" },
        { "RFC 9110, 8.6: too large", "PUT / HTTP/1.1\r\n" + Host, "Content-Length: 9223372036854775808\r\n\r\na" },
        {
            "RFC 9112, 6.3: both lengths", "PUT / HTTP/1.1\r\n" + Host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "\r\n0\r\n\r\n"
        },
        { "RFC 9112, 6.1: chunked twice", "PUT / HTTP/1.1\r\n" + Host, "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" },
        {
            "RFC 9112, 6.1: chunked on two lines", "PUT / HTTP/1.1\r\n" + Host + "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        },
        { "RFC 9112, 7: identity", "PUT / HTTP/1.1\r\n" + Host, "Transfer-Encoding: identity\r\n\r\n" },
        { "RFC 9112, 6.1: gzip, chunked", "PUT / HTTP/1.1\r\n" + Host, "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" },
        { "RFC 9112, 6.1: a coding with a control", "PUT / HTTP/1.1\r\n" + Host, "Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n" },
        { "RFC 9112, 6.1: chunked in HTTP/1.0", "PUT / HTTP/1.0\r\n" + Host, "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
    };

    public static TheoryData<string, string, string> InvalidChunks { get; } = new()
    {
        { "RFC 9112, 7.1: no size", "", "\r\n" },
        { "RFC 9112, 7.1: 0x", "", "0x1\r\na\r\n" },
        { "RFC 9112, 7.1: a sign", "", "+1\r\na\r\n" },
        { "RFC 9112, 7.1: a minus", "", "-1\r\na\r\n" },
        { "RFC 9112, 7.1: 17 digits", "", "00000000000000001\r\na\r\n" },
        { "RFC 9112, 7.1: too large", "", "8000000000000000\r\na\r\n" },
        { "RFC 9112, 7.1: a blank before", "", " 1\r\na\r\n" },
        { "RFC 9112, 7.1: a blank after", "", "1 \r\na\r\n" },
        { "RFC 9112, 7.1: a bare LF", "", "1\na\r\n" },
        { "RFC 9112, 7.1.1: an extension without a name", "", "1;\r\na\r\n" },
        { "RFC 9112, 7.1.1: an extension without a value", "", "1;a=\r\na\r\n" },
        { "RFC 9112, 7.1.1: an extension that doesn't end", "", "1;a=\"b\r\na\r\n" },
        { "RFC 9112, 7.1.1: a bare LF in an extension", "", "1;a\nb\r\na\r\n" },
        { "RFC 9112, 7.1.1: a control in an extension", "", "1;a=\"\u0001\"\r\na\r\n" },
        { "RFC 9112, 7.1.1: a line without end", "", "1;" + new string('a', 1100) + "\r\na\r\n" },
        { "RFC 9112, 7.1: data longer than said", "1\r\na", "bc\r\n0\r\n\r\n" },
        { "RFC 9112, 7.1: data that a bare LF follows", "1\r\na", "\n0\r\n\r\n" },
        { "RFC 9112, 7.1.2: a trailer that is no field", "0\r\n", "x\r\n\r\n" },
        { "RFC 9112, 7.1.2: a trailer that is folded", "0\r\nx: a\r\n", " b\r\n\r\n" },
        { "RFC 9110, 6.5.1: a length in a trailer", "0\r\n", "Content-Length: 7\r\n\r\n" },
        { "RFC 9112, 7.1.2: trailers without end", "0\r\n", "x: " + new string('a', 600) + "\r\n\r\n" },
    };

    [Theory]
    [MemberData(nameof(Valid))]
    public async Task A_valid_request_passes_as_it_is_in_every_split(string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);

        for (var at = 0; at <= bytes.Length; at++)
        {
            Assert.Equal(text, await StrictReader.ShowAsync([bytes[..at], bytes[at..]], static available => available));
        }

        var single = bytes.Select(value => (byte[])[value]).ToArray();
        Assert.Equal(text, await StrictReader.ShowAsync(single, static available => available));
        Assert.Equal(text, await StrictReader.ShowAsync(single, static available => available / 2));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public async Task From_the_line_on_that_is_wrong_nothing_passes(string clause, string before, string wrong)
        => await EndsAsync(clause, Next + before, wrong);

    [Theory]
    [MemberData(nameof(InvalidChunks))]
    public async Task From_the_chunk_on_that_is_wrong_nothing_passes(string clause, string before, string wrong)
        => await EndsAsync(clause, "PUT / HTTP/1.1\r\n" + Host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + before, wrong);

    [Theory]
    [InlineData("GET /")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nx: ")]
    public async Task What_is_cut_off_is_refused(string text)
        => Assert.EndsWith(StrictReader.NoHttp, await StrictReader.ShowAsync([Encoding.Latin1.GetBytes(text)], static available => available));

    // 414 and 431 are the server's to answer: it sees that the line is too long.
    [Theory]
    [InlineData("GET /", StrictReader.RequestLineBytesMax)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nx: ", StrictReader.HeadBytesMax)]
    public async Task A_line_that_is_too_long_is_shown_without_its_end(string before, int bytesMax)
    {
        var text = before + new string('a', bytesMax + 1);

        var shown = await StrictReader.ShowAsync(
            [Encoding.Latin1.GetBytes(text), Encoding.Latin1.GetBytes("\r\n" + Next)], static available => available);

        Assert.Equal(text, shown);
    }

    [Fact]
    public async Task The_reader_says_when_a_connection_waits_and_when_it_is_at_work()
    {
        var pipe = new System.IO.Pipelines.Pipe();
        var said = new List<bool>();
        var reader = new StrictPipeReader(pipe.Reader, new RequestFraming(256, 512), said.Add);
        var stop = TestContext.Current.CancellationToken;

        var reading = reader.ReadAsync(stop).AsTask();
        await pipe.Writer.WriteAsync(Encoding.Latin1.GetBytes(Next[..30]), stop);
        var first = await reading;
        reader.AdvanceTo(first.Buffer.End);
        await pipe.Writer.WriteAsync(Encoding.Latin1.GetBytes(Next[30..]), stop);
        reader.AdvanceTo((await reader.ReadAsync(stop)).Buffer.End);

        Assert.Equal([true, false], said);
    }

    private static async Task EndsAsync(string clause, string before, string wrong)
    {
        var bytes = Encoding.Latin1.GetBytes(before + wrong + Next);

        for (var at = 0; at <= bytes.Length; at += 7)
        {
            var shown = await StrictReader.ShowAsync([bytes[..at], bytes[at..]], static available => available);
            Assert.True(before + StrictReader.NoHttp == shown, $"{clause}: shown was {shown}");
        }
    }
}
