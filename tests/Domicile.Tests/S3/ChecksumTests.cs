using System.Text;
using Domicile.Objects;
using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Hashing;
using Domicile.Server.S3.Signing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Domicile.Tests.S3;

public sealed class ChecksumTests
{
    private static readonly string[] Halves = ["1234", "56789"];

    private static readonly PayloadHash Trailers
        = new(PayloadKind.UnsignedChunksWithTrailer, "STREAMING-UNSIGNED-PAYLOAD-TRAILER");

    // Check values: the catalogue of parametrised CRC algorithms (reveng), CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME.
    [Theory]
    [InlineData((byte)ChecksumAlgorithm.Crc32, 0xcbf43926UL)]
    [InlineData((byte)ChecksumAlgorithm.Crc32C, 0xe3069283UL)]
    [InlineData((byte)ChecksumAlgorithm.Crc64Nvme, 0xae8b14860a799888UL)]
    public void A_crc_has_its_check_value(byte algorithm, ulong expected)
        => Assert.Equal(
            expected, ChecksumNames.CrcOf((ChecksumAlgorithm)algorithm)!.Append(0, "123456789"u8));

    // 6,007 bytes: computed bit by bit in Python, CRC-32 also by its zlib.
    [Theory]
    [InlineData((byte)ChecksumAlgorithm.Crc32, 0xbf5b71a1UL)]
    [InlineData((byte)ChecksumAlgorithm.Crc32C, 0x3b402cc8UL)]
    [InlineData((byte)ChecksumAlgorithm.Crc64Nvme, 0xf4dc048382c8275bUL)]
    public void A_crc_is_the_same_in_pieces_and_combined(byte algorithm, ulong expected)
    {
        var crc = ChecksumNames.CrcOf((ChecksumAlgorithm)algorithm)!;
        var bytes = Encoding.ASCII.GetBytes("Hello, " + string.Concat(Enumerable.Repeat("world!", 1000)));

        Assert.Equal(expected, crc.Append(0, bytes));
        for (var cut = 0; cut <= bytes.Length; cut += 1 + cut / 3)
        {
            var first = crc.Append(0, bytes.AsSpan(0, cut));
            var second = crc.Append(0, bytes.AsSpan(cut));

            Assert.Equal(expected, crc.Append(first, bytes.AsSpan(cut)));
            Assert.Equal(expected, crc.Combine(first, second, bytes.Length - cut));
        }
    }

    // base64 of the values above; SHA-1 and SHA-256 of "abc" are FIPS 180-4's.
    [Theory]
    [InlineData((byte)ChecksumAlgorithm.Crc32, "123456789", "y/Q5Jg==")]
    [InlineData((byte)ChecksumAlgorithm.Crc32C, "123456789", "4waSgw==")]
    [InlineData((byte)ChecksumAlgorithm.Crc64Nvme, "123456789", "rosUhgp5mIg=")]
    [InlineData((byte)ChecksumAlgorithm.Sha1, "abc", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")]
    [InlineData((byte)ChecksumAlgorithm.Sha256, "abc", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")]
    public void A_checksum_is_shown_in_base64(byte algorithm, string text, string expected)
    {
        using var running = RunningChecksum.Start((ChecksumAlgorithm)algorithm);
        running.Append(Encoding.ASCII.GetBytes(text));

        Assert.Equal(expected, running.Finish());
        Assert.True(ChecksumNames.IsWellFormed((ChecksumAlgorithm)algorithm, expected));
        Assert.False(ChecksumNames.IsWellFormed((ChecksumAlgorithm)algorithm, expected + "-2"));
    }

    [Fact]
    public void A_whole_object_checksum_of_parts_is_that_of_the_bytes()
    {
        // The whole is the CRC's check value.
        var parts = Halves.Select(text => (
            (long)text.Length, (Checksum?)Sum(ChecksumAlgorithm.Crc64Nvme, text))).ToList();

        var whole = PartsChecksum.Of(ChecksumAlgorithm.Crc64Nvme, isComposite: false, parts);

        Assert.Equal(new Checksum(ChecksumAlgorithm.Crc64Nvme, "rosUhgp5mIg=", IsComposite: false), whole);
    }

    [Fact]
    public void A_composite_checksum_is_of_the_parts_checksums()
    {
        // python3: b64encode(sha256(sha256(b"1234").digest() + sha256(b"56789").digest()).digest())
        var parts = Halves.Select(text => (
            (long)text.Length, (Checksum?)Sum(ChecksumAlgorithm.Sha256, text))).ToList();

        var whole = PartsChecksum.Of(ChecksumAlgorithm.Sha256, isComposite: true, parts);

        Assert.Equal("bnRBBTileCDVQlLT/6fZJGrqcf3O3X6G8kD8V7zZqxQ=-2", whole!.Value);
        Assert.True(whole.IsComposite);
    }

    [Theory]
    [InlineData("abc", "kAFQmDzST7DWlj99KOF/cg==", null)]
    [InlineData("abd", "kAFQmDzST7DWlj99KOF/cg==", "BadDigest")]
    [InlineData("abc", "kAFQmDzST7DWlj99KOF/", "InvalidDigest")]
    [InlineData("abc", "900150983cd24fb0d6963f7d28e17f72", "InvalidDigest")]
    [InlineData("abc", "", "InvalidDigest")]
    public void Content_md5_is_checked(string body, string md5, string? code)
        => Assert.Equal(code, Prove(body, PayloadHash.Unsigned, [], ("Content-MD5", md5)));

    [Theory]
    [InlineData("123456789", "y/Q5Jg==", null)]
    [InlineData("12345678", "y/Q5Jg==", "BadDigest")]
    [InlineData("123456789", "y/Q5Jg", "InvalidRequest")]
    [InlineData("123456789", "y/Q5JgAA", "InvalidRequest")]
    public void A_checksum_in_a_header_is_checked(string body, string value, string? code)
        => Assert.Equal(code, Prove(body, PayloadHash.Unsigned, [], ("x-amz-checksum-crc32", value)));

    [Theory]
    [InlineData("x-amz-checksum-crc32c", "4waSgw==", null)]
    [InlineData("x-amz-checksum-crc32c", "4waSgx==", "BadDigest")]
    [InlineData("x-amz-checksum-crc32c", "???", "InvalidRequest")]
    [InlineData("x-amz-checksum-crc32", "4waSgw==", "MalformedTrailerError")]
    public void A_checksum_in_a_trailer_is_checked(string trailer, string value, string? code)
        => Assert.Equal(
            code,
            Prove("123456789", Trailers, new() { [trailer] = value }, ("x-amz-trailer", "x-amz-checksum-crc32c")));

    [Fact]
    public void Two_checksums_are_refused()
        => Assert.Equal("InvalidRequest", Prove("", PayloadHash.Unsigned, [],
            ("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-checksum-crc32c", "AAAAAA==")));

    [Fact]
    public void An_algorithm_without_a_checksum_is_refused()
        => Assert.Equal("InvalidRequest", Prove("", PayloadHash.Unsigned, [], ("x-amz-sdk-checksum-algorithm", "CRC32")));

    private static Checksum Sum(ChecksumAlgorithm algorithm, string text)
    {
        using var running = RunningChecksum.Start(algorithm);
        running.Append(Encoding.ASCII.GetBytes(text));
        return new Checksum(algorithm, running.Finish(), IsComposite: false);
    }

    private static string? Prove(
        string body, PayloadHash payload, Dictionary<string, string> trailers, params (string Name, string Value)[] headers)
    {
        var dictionary = new HeaderDictionary();
        foreach (var (name, value) in headers)
        {
            dictionary[name] = value;
        }

        if (Integrity.Start(dictionary, payload, needsMd5: true).Failed(out var error, out var integrity))
        {
            return error.Code;
        }

        using (integrity)
        {
            integrity.Append(Encoding.ASCII.GetBytes(body));
            return integrity.Finish(trailers).Failed(out error, out _) ? error.Code : null;
        }
    }
}
