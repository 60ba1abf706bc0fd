using Domicile.Objects;
using Domicile.Server.S3.Hashing;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>Which checksum an upload will have. Without an algorithm: none.</summary>
internal readonly record struct ChecksumKind(ChecksumAlgorithm? Algorithm, bool IsComposite)
{
    private const string AlgorithmHeader = "x-amz-checksum-algorithm";
    private const string TypeHeader = "x-amz-checksum-type";

    /// <summary>
    /// CRC64NVME is only of the whole object, the SHAs only of the parts, the other CRCs of the parts unless said
    /// otherwise (Amazon S3 User Guide, "Checking object integrity").
    /// </summary>
    public static Outcome<ChecksumKind> Read(IHeaderDictionary headers)
    {
        var name = RequestHeaders.Value(headers, AlgorithmHeader);
        var type = RequestHeaders.Value(headers, TypeHeader);
        if (name is null)
        {
            return type is null
                ? new ChecksumKind(null, false)
                : S3Error.Of("InvalidRequest", "The x-amz-checksum-type header can only be used with the "
                    + "x-amz-checksum-algorithm header.");
        }

        if (ChecksumNames.Find(name) is not { } algorithm)
        {
            return S3Error.Of("InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with any of "
                + "the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
        }

        bool? isComposite = (type?.ToUpperInvariant(), algorithm) switch
        {
            (null, ChecksumAlgorithm.Crc64Nvme) => false,
            (null, _) => true,
            ("COMPOSITE", not ChecksumAlgorithm.Crc64Nvme) => true,
            ("FULL_OBJECT", not (ChecksumAlgorithm.Sha1 or ChecksumAlgorithm.Sha256)) => false,
            _ => null,
        };
        return isComposite is { } known
            ? new ChecksumKind(algorithm, known)
            : S3Error.Of("InvalidRequest",
                $"The {type} checksum type cannot be used with the {name.ToLowerInvariant()} checksum algorithm.");
    }
}
