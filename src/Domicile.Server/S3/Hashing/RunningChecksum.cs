using System.Security.Cryptography;
using Domicile.Objects;

namespace Domicile.Server.S3.Hashing;

/// <summary>One of S3's additional checksums, computed as bytes pass.</summary>
internal abstract class RunningChecksum : IDisposable
{
    public abstract void Append(ReadOnlySpan<byte> bytes);

    /// <summary>Base64 of the checksum of everything so far; call it once.</summary>
    public abstract string Finish();

    public abstract void Dispose();

    public static RunningChecksum Start(ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.Sha1 => new OfHash(HashAlgorithmName.SHA1),
        ChecksumAlgorithm.Sha256 => new OfHash(HashAlgorithmName.SHA256),
        _ => new OfCrc(ChecksumNames.CrcOf(algorithm)!),
    };

    private sealed class OfCrc(Crc kind) : RunningChecksum
    {
        private ulong _crc;

        public override void Append(ReadOnlySpan<byte> bytes) => _crc = kind.Append(_crc, bytes);

        public override string Finish() => Convert.ToBase64String(kind.ToBytes(_crc));

        public override void Dispose()
        {
            // A register holds nothing to give back.
        }
    }

    private sealed class OfHash(HashAlgorithmName name) : RunningChecksum
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(name);

        public override void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

        public override string Finish() => Convert.ToBase64String(_hash.GetHashAndReset());

        public override void Dispose() => _hash.Dispose();
    }
}
