using System.IO.Pipelines;
using System.Text;
using Domicile.Accounts;
using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Signing;
using Domicile.Server.S3.Wire;
using Xunit;

namespace Domicile.Tests.S3;

/// <summary>
/// Bodies in chunks: the two examples of the Amazon S3 API Reference, 66,560 times 'a' in chunks of 64 KiB and 1 KiB, and
/// what becomes of them when they are cut, changed or padded.
/// </summary>
public sealed class ChunkedBodyTests
{
    private const int LengthBytes = 66_560;

    private static readonly string First = new('a', 65_536);
    private static readonly string Second = new('a', 1024);

    private static readonly string SignedBody =
        $"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n{First}\r\n"
        + $"400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n{Second}\r\n"
        + "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";

    private static readonly string TrailerBody =
        $"10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n{First}\r\n"
        + $"400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n{Second}\r\n"
        + "0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
        + "x-amz-checksum-crc32c:sOO8/Q==\r\n"
        + "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";

    private static readonly string UnsignedBody =
        $"10000\r\n{First}\r\n400\r\n{Second}\r\n0\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n\r\n";

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    [InlineData(100_000)]
    public async Task A_body_of_signed_chunks_is_read_however_it_arrives(int pieceBytes)
        => AssertWhole(await ReadAsync(SignedBody, Chunks(), pieceBytes));

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    public async Task A_body_with_a_signed_trailer_is_read(int pieceBytes)
    {
        var read = await ReadAsync(TrailerBody, WithTrailer(), pieceBytes);

        AssertWhole(read);
        Assert.Equal("sOO8/Q==", read.Trailers["x-amz-checksum-crc32c"]);
    }

    [Fact]
    public async Task A_body_of_unsigned_chunks_with_a_trailer_is_read()
    {
        var read = await ReadAsync(UnsignedBody, Unsigned(), 1000);

        AssertWhole(read);
        Assert.Equal("sOO8/Q==", read.Trailers["x-amz-checksum-crc32c"]);
    }

    [Theory]
    [InlineData("aaaa\r\n400;", "aaab\r\n400;", "SignatureDoesNotMatch")]
    [InlineData("aaaa\r\n0;", "aaab\r\n0;", "SignatureDoesNotMatch")]
    [InlineData("chunk-signature=0055", "chunk-signature=1055", "SignatureDoesNotMatch")]
    [InlineData("chunk-signature=b6c6", "chunk-signature=c6c6", "SignatureDoesNotMatch")]
    [InlineData("400;chunk-signature=0055", "400;x=0055", "SignatureDoesNotMatch")]
    [InlineData("10000;", "10001;", "IncompleteBody")]
    [InlineData("10000;", "ffff;", "IncompleteBody")]
    [InlineData("10000;", "-1;", "IncompleteBody")]
    [InlineData("10000;", ";", "IncompleteBody")]
    [InlineData("10000;", "ffffffffffffffff;", "IncompleteBody")]
    [InlineData("10000;", "7fffffffffff;", "IncompleteBody")]
    [InlineData("10000;", " 10000;", "IncompleteBody")]
    [InlineData("df9\r\n\r\n", "df9\r\nx-amz-meta-a:b\r\n\r\n", "MalformedTrailerError")]
    public async Task A_changed_body_is_refused(string was, string becomes, string code)
    {
        Assert.Contains(was, SignedBody, StringComparison.Ordinal);
        var read = await ReadAsync(SignedBody.Replace(was, becomes, StringComparison.Ordinal), Chunks(), 4096);

        Assert.Equal(code, read.Failure?.Code);
    }

    [Theory]
    [InlineData("sOO8", "sOO9", "SignatureDoesNotMatch")]
    [InlineData("signature:d81f", "signature:e81f", "SignatureDoesNotMatch")]
    [InlineData("x-amz-trailer-signature:", "x-amz-other:", "SignatureDoesNotMatch")]
    [InlineData("crc32c:", "crc32c ", "MalformedTrailerError")]
    public async Task A_changed_trailer_is_refused(string was, string becomes, string code)
    {
        var read = await ReadAsync(TrailerBody.Replace(was, becomes, StringComparison.Ordinal), WithTrailer(), 4096);

        Assert.Equal(code, read.Failure?.Code);
    }

    [Fact]
    public async Task A_body_that_is_cut_anywhere_is_refused()
    {
        foreach (var length in new[] { 0, 1, 50, 87, 88, 89, 65_000, 65_624, 65_625, 65_626, 66_700, 66_739, 66_745, 66_820 })
        {
            var read = await ReadAsync(SignedBody[..length], Chunks(), 4096);

            Assert.True(read.Failure is not null, $"a body of {length} bytes passed");
        }
    }

    [Fact]
    public async Task A_body_of_another_length_than_announced_is_refused()
    {
        Assert.Equal("IncompleteBody", (await ReadAsync(UnsignedBody, Unsigned(), 4096, LengthBytes + 1)).Failure?.Code);
        Assert.Equal("IncompleteBody", (await ReadAsync(UnsignedBody, Unsigned(), 4096, LengthBytes - 1)).Failure?.Code);
    }

    [Fact]
    public async Task A_chunk_header_without_end_is_refused_before_it_fills_the_memory()
        => Assert.Equal(
            "IncompleteBody", (await ReadAsync("10000;" + new string('x', 1_000_000), Unsigned(), 4096)).Failure?.Code);

    [Fact]
    public async Task Trailers_without_end_are_refused_before_they_fill_the_memory()
        => Assert.Equal(
            "MalformedTrailerError",
            (await ReadAsync("0\r\n" + new string('x', 1_000_000), Unsigned(), 4096, 0)).Failure?.Code);

    [Fact]
    public async Task A_plain_body_must_have_the_hash_that_was_signed()
    {
        // SHA-256 of "abc": FIPS 180-4's example.
        var payload = new PayloadHash(
            PayloadKind.Hashed, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

        Assert.Null((await ReadAsync("abc", Plain(payload), 1, 3)).Failure);
        Assert.Equal("XAmzContentSHA256Mismatch", (await ReadAsync("abd", Plain(payload), 1, 3)).Failure?.Code);
        Assert.Equal("IncompleteBody", (await ReadAsync("ab", Plain(payload), 1, 3)).Failure?.Code);
    }

    private static void AssertWhole(Reading read)
    {
        Assert.Null(read.Failure);
        Assert.Equal(First + Second, read.Text);
    }

    private static ProvenSignature Plain(PayloadHash payload) => new(Key(), "", payload);

    private static ProvenSignature Chunks()
        => Prove(
            "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
            + "x-amz-storage-class",
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
            ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), ("content-length", "66824"));

    private static ProvenSignature WithTrailer()
        => Prove(
            "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;"
            + "x-amz-trailer",
            "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
            ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
            ("x-amz-trailer", "x-amz-checksum-crc32c"));

    private static ProvenSignature Unsigned()
        => new(Key(), "", new PayloadHash(PayloadKind.UnsignedChunksWithTrailer, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"));

    private static SigningKey Key() => new(SecretBytes.OfText("secret"), "20130524T000000Z", "20130524/us-east-1/s3/aws4_request");

    private static ProvenSignature Prove(string signedHeaders, string signature, params (string Name, string Value)[] more)
    {
        var headers = SignatureTests.Signed(signedHeaders, signature, [
            ("Host", "s3.amazonaws.com"), ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"), .. more]);
        var outcome = SignatureTests.Check("PUT", "/examplebucket/chunkObject.txt", headers);
        Assert.False(outcome.Failed(out var error, out var proven), error?.ToString());
        return proven!;
    }

    private static async Task<Reading> ReadAsync(
        string body, ProvenSignature signature, int pieceBytes, long lengthBytes = LengthBytes)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: 16));
        var bytes = Encoding.ASCII.GetBytes(body);
        var writing = WriteAsync(pipe.Writer, bytes, pieceBytes);
        using var reader = RequestBody.Open(pipe.Reader, signature, lengthBytes);
        var text = new StringBuilder();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken) is { IsEmpty: false } piece)
        {
            text.Append(Encoding.ASCII.GetString(piece.Span));
        }

        await writing;
        return new Reading(text.ToString(), reader.Failure, reader.Trailers);
    }

    private static async Task WriteAsync(PipeWriter writer, byte[] bytes, int pieceBytes)
    {
        foreach (var piece in bytes.Chunk(pieceBytes))
        {
            await writer.WriteAsync(piece);
        }

        await writer.CompleteAsync();
    }

    private sealed record Reading(string Text, S3Error? Failure, IReadOnlyDictionary<string, string> Trailers);
}
