using System.Globalization;
using Domicile.Objects;

namespace Domicile.Server.S3.Hashing;

/// <summary>
/// The checksum of a completed upload from those of its parts: a checksum of checksums (COMPOSITE, "-N" behind), or for
/// the CRCs that of the whole content (FULL_OBJECT). Amazon S3 User Guide, "Checking object integrity".
/// </summary>
internal static class PartsChecksum
{
    /// <summary>Null where a part has no checksum of that algorithm.</summary>
    public static Checksum? Of(
        ChecksumAlgorithm algorithm, bool isComposite, IReadOnlyList<(long SizeBytes, Checksum? Checksum)> parts)
    {
        if (parts.Count == 0 || parts.Any(part => part.Checksum?.Algorithm != algorithm))
        {
            return null;
        }

        return isComposite ? Composite(algorithm, parts) : FullObject(algorithm, parts);
    }

    private static Checksum Composite(
        ChecksumAlgorithm algorithm, IReadOnlyList<(long SizeBytes, Checksum? Checksum)> parts)
    {
        using var running = RunningChecksum.Start(algorithm);
        foreach (var part in parts)
        {
            running.Append(Convert.FromBase64String(part.Checksum!.Value));
        }

        var count = parts.Count.ToString(CultureInfo.InvariantCulture);
        return new Checksum(algorithm, $"{running.Finish()}-{count}", IsComposite: true);
    }

    private static Checksum? FullObject(
        ChecksumAlgorithm algorithm, IReadOnlyList<(long SizeBytes, Checksum? Checksum)> parts)
    {
        if (ChecksumNames.CrcOf(algorithm) is not { } crc)
        {
            return null;
        }

        var whole = 0UL;
        foreach (var (sizeBytes, checksum) in parts)
        {
            whole = crc.Combine(whole, Crc.FromBytes(Convert.FromBase64String(checksum!.Value)), sizeBytes);
        }

        return new Checksum(algorithm, Convert.ToBase64String(crc.ToBytes(whole)), IsComposite: false);
    }
}
