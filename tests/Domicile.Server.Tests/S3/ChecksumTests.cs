using System.Net;
using System.Security.Cryptography;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.S3;

/// <summary>
/// Checksums of all five kinds through the AWS SDK: sent as a trailer or a header, checked, kept, shown. The CRCs of
/// "123456789" are the check values of the catalogue of parametrised CRC algorithms (reveng.sourceforge.io).
/// </summary>
public class ChecksumTests(SharedDeployment shared) : S3Tests(shared)
{
    private const string Text = "123456789";

    public static TheoryData<string, string> Kinds => new()
    {
        { "CRC32", Convert.ToBase64String(Convert.FromHexString("CBF43926")) },
        { "CRC32C", Convert.ToBase64String(Convert.FromHexString("E3069283")) },
        { "CRC64NVME", Convert.ToBase64String(Convert.FromHexString("AE8B14860A799888")) },
        { "SHA1", Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(Text))) },
        { "SHA256", Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(Text))) },
    };

    // CRC64NVME and CRC32C need a native library in this SDK: the SDK can't compute, but send them.
    [Theory]
    [InlineData("CRC32")]
    [InlineData("SHA1")]
    [InlineData("SHA256")]
    public async Task A_checksum_in_a_trailer_is_kept(string kind)
    {
        await PutAsync("a", Text, put => put.ChecksumAlgorithm = ChecksumAlgorithm.FindValue(kind));

        Assert.Equal(Expected(kind), await KeptAsync(kind));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_checksum_in_a_header_is_kept_and_told(string kind, string value)
    {
        await PutAsync("a", Text, put => Set(put, kind, value));
        var told = await S3.GetObjectAttributesAsync(
            new() { BucketName = Bucket, Key = "a", ObjectAttributes = [ObjectAttributes.Checksum] }, Cancelled);

        Assert.Equal(value, await KeptAsync(kind));
        Assert.Equal(value, kind switch
        {
            "CRC32" => told.Checksum.ChecksumCRC32,
            "CRC32C" => told.Checksum.ChecksumCRC32C,
            "CRC64NVME" => told.Checksum.ChecksumCRC64NVME,
            "SHA1" => told.Checksum.ChecksumSHA1,
            _ => told.Checksum.ChecksumSHA256,
        });
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_wrong_checksum_is_refused_and_nothing_is_stored(string kind, string value)
    {
        await RefusedAsync(HttpStatusCode.BadRequest, "BadDigest", () => PutAsync("a", Text + "0", put => Set(put, kind, value)));

        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchKey", () => GetAsync("a"));
    }

    [Fact]
    public async Task A_wrong_md5_is_refused_and_nothing_is_stored()
    {
        var md5 = Convert.ToBase64String(MD5.HashData(Encoding.ASCII.GetBytes(Text)));
        await PutAsync("b", Text, put => put.MD5Digest = md5);

        await RefusedAsync(HttpStatusCode.BadRequest, "BadDigest", () => PutAsync("a", Text + "0", put => put.MD5Digest = md5));
        await RefusedAsync(HttpStatusCode.BadRequest, "InvalidDigest", () => PutAsync("a", Text, put => put.MD5Digest = "short"));
        await RefusedAsync(HttpStatusCode.NotFound, "NoSuchKey", () => GetAsync("a"));
    }

    [Fact]
    public async Task A_copy_keeps_the_checksum()
    {
        await PutAsync("source", Text, put => Set(put, "SHA256", Expected("SHA256")));

        await S3.CopyObjectAsync(Bucket, "source", Bucket, "a", Cancelled);

        Assert.Equal(Expected("SHA256"), await KeptAsync("SHA256"));
    }

    // S3: of SHA-256 a composite of the parts' checksums, of CRC64NVME that of the whole object.
    [Fact]
    public async Task An_upload_has_a_composite_checksum()
    {
        byte[][] parts = [Bytes(5 * 1024 * 1024, 1), Bytes(100, 2)];
        var upload = (await S3.InitiateMultipartUploadAsync(
            new() { BucketName = Bucket, Key = "a", ChecksumAlgorithm = ChecksumAlgorithm.SHA256 }, Cancelled)).UploadId;
        var etags = new List<PartETag>();
        for (var number = 1; number <= parts.Length; number++)
        {
            var part = await S3.UploadPartAsync(
                new()
                {
                    BucketName = Bucket,
                    Key = "a",
                    UploadId = upload,
                    PartNumber = number,
                    InputStream = new MemoryStream(parts[number - 1]),
                    ChecksumAlgorithm = ChecksumAlgorithm.SHA256,
                },
                Cancelled);
            etags.Add(new PartETag(part));
        }

        var done = await S3.CompleteMultipartUploadAsync(
            new() { BucketName = Bucket, Key = "a", UploadId = upload, PartETags = etags }, Cancelled);

        var expected = Convert.ToBase64String(SHA256.HashData([.. parts.SelectMany(SHA256.HashData)])) + "-2";
        Assert.Equal(expected, done.ChecksumSHA256);
        Assert.Equal(expected, await KeptAsync("SHA256"));
    }

    private static string Expected(string kind) => Kinds.Single(row => row.Data.Item1 == kind).Data.Item2;

    private static void Set(PutObjectRequest put, string kind, string value)
    {
        switch (kind)
        {
            case "CRC32":
                put.ChecksumCRC32 = value;
                break;
            case "CRC32C":
                put.ChecksumCRC32C = value;
                break;
            case "CRC64NVME":
                put.ChecksumCRC64NVME = value;
                break;
            case "SHA1":
                put.ChecksumSHA1 = value;
                break;
            default:
                put.ChecksumSHA256 = value;
                break;
        }
    }

    private async Task<string?> KeptAsync(string kind)
    {
        var head = await S3.GetObjectMetadataAsync(
            new() { BucketName = Bucket, Key = "a", ChecksumMode = ChecksumMode.ENABLED }, Cancelled);
        return kind switch
        {
            "CRC32" => head.ChecksumCRC32,
            "CRC32C" => head.ChecksumCRC32C,
            "CRC64NVME" => head.ChecksumCRC64NVME,
            "SHA1" => head.ChecksumSHA1,
            _ => head.ChecksumSHA256,
        };
    }
}
