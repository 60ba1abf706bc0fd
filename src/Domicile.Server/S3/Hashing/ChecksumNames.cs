using Domicile.Objects;

namespace Domicile.Server.S3.Hashing;

/// <summary>How S3 spells its checksum algorithms in headers, in XML, and in x-amz-checksum-algorithm.</summary>
internal static class ChecksumNames
{
    public const string HeaderPrefix = "x-amz-checksum-";

    public static readonly ChecksumAlgorithm[] All =
    [
        ChecksumAlgorithm.Crc32, ChecksumAlgorithm.Crc32C, ChecksumAlgorithm.Crc64Nvme, ChecksumAlgorithm.Sha1,
        ChecksumAlgorithm.Sha256,
    ];

    /// <summary>Such as <c>CRC32C</c>; the XML element is <c>Checksum</c> followed by it.</summary>
    public static string Name(ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.Crc32 => "CRC32",
        ChecksumAlgorithm.Crc32C => "CRC32C",
        ChecksumAlgorithm.Crc64Nvme => "CRC64NVME",
        ChecksumAlgorithm.Sha1 => "SHA1",
        ChecksumAlgorithm.Sha256 => "SHA256",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "no such checksum"),
    };

    public static string Element(ChecksumAlgorithm algorithm) => "Checksum" + Name(algorithm);

    public static string Header(ChecksumAlgorithm algorithm) => HeaderPrefix + Name(algorithm).ToLowerInvariant();

    public static string Type(Checksum checksum) => checksum.IsComposite ? "COMPOSITE" : "FULL_OBJECT";

    /// <summary>Null: no such algorithm.</summary>
    public static ChecksumAlgorithm? Find(string? name)
    {
        foreach (var algorithm in All)
        {
            if (string.Equals(Name(algorithm), name, StringComparison.OrdinalIgnoreCase))
            {
                return algorithm;
            }
        }

        return null;
    }

    /// <summary>Null: it is no CRC.</summary>
    public static Crc? CrcOf(ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.Crc32 => Crc.Crc32,
        ChecksumAlgorithm.Crc32C => Crc.Crc32C,
        ChecksumAlgorithm.Crc64Nvme => Crc.Crc64Nvme,
        _ => null,
    };

    public static int LengthBytes(ChecksumAlgorithm algorithm)
        => CrcOf(algorithm)?.LengthBytes ?? (algorithm == ChecksumAlgorithm.Sha1 ? 20 : 32);

    /// <summary>Base64 of exactly the algorithm's length.</summary>
    public static bool IsWellFormed(ChecksumAlgorithm algorithm, string value)
    {
        Span<byte> bytes = stackalloc byte[36];
        return value.Length <= 44 && Convert.TryFromBase64String(value, bytes, out var length)
            && length == LengthBytes(algorithm);
    }
}
