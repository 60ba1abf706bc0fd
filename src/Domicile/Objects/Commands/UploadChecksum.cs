using System.Globalization;
using System.Security.Cryptography;
using Domicile.Objects.Rows;

namespace Domicile.Objects.Commands;

/// <summary>
/// The checksum of an object that came in parts. S3 has two kinds (AWS's user guide, "Checking object integrity"):
/// composite, the checksum of the parts' checksums; and full object, for CRCs only, which follows from the parts' CRCs and
/// lengths without their bytes.
/// </summary>
internal static class UploadChecksum
{
    /// <param name="parts">In their order.</param>
    /// <returns>Null where the upload was begun without an algorithm or a part lacks its checksum.</returns>
    public static Checksum? Of(Upload upload, List<PartRow> parts, Checksum? given)
    {
        if ((upload.ChecksumAlgorithm ?? given?.Algorithm) is not { } algorithm)
        {
            return null;
        }

        var checksums = parts.Select(part => part.Parsed.Checksum).ToList();
        var values = checksums.Select(checksum => Decode(checksum, algorithm)).ToList();
        if (values.Any(value => value is null))
        {
            return null;
        }

        var isComposite = upload.ChecksumAlgorithm is null ? given!.IsComposite : upload.ChecksumIsComposite;
        if (!isComposite)
        {
            return Crc.Of(algorithm) is { } crc
                ? new Checksum(algorithm, Combine(crc, values!, parts), false)
                : null;
        }

        var digest = Hash(algorithm, [.. values.SelectMany(value => value!)]);
        return new Checksum(
            algorithm, string.Create(CultureInfo.InvariantCulture, $"{Convert.ToBase64String(digest)}-{parts.Count}"), true);
    }

    private static byte[]? Decode(Checksum? checksum, ChecksumAlgorithm algorithm)
    {
        var bytes = new byte[SHA256.HashSizeInBytes];
        return checksum is { IsComposite: false } && checksum.Algorithm == algorithm
            && Convert.TryFromBase64String(checksum.Value, bytes, out var length) && length == LengthBytes(algorithm)
            ? bytes[..length]
            : null;
    }

    private static int LengthBytes(ChecksumAlgorithm algorithm)
        => algorithm switch
        {
            ChecksumAlgorithm.Sha1 => SHA1.HashSizeInBytes,
            ChecksumAlgorithm.Sha256 => SHA256.HashSizeInBytes,
            ChecksumAlgorithm.Crc64Nvme => sizeof(ulong),
            _ => sizeof(uint),
        };

#pragma warning disable CA5350 // S3 offers SHA-1 as a checksum; nothing rests on it here.
    private static byte[] Hash(ChecksumAlgorithm algorithm, byte[] bytes)
        => algorithm switch
        {
            ChecksumAlgorithm.Sha1 => SHA1.HashData(bytes),
            ChecksumAlgorithm.Sha256 => SHA256.HashData(bytes),
            _ => Crc.Of(algorithm)!.Hash(bytes),
        };
#pragma warning restore CA5350

    private static string Combine(Crc crc, List<byte[]> values, List<PartRow> parts)
    {
        var whole = values[0];
        for (var i = 1; i < values.Count; i++)
        {
            whole = crc.Combine(whole, values[i], parts[i].Size);
        }

        return Convert.ToBase64String(whole);
    }
}
