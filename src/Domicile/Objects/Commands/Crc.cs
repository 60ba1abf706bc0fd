using System.Buffers.Binary;

namespace Domicile.Objects.Commands;

/// <summary>
/// A reflected CRC that starts and ends with all bits set, for short inputs, and the CRC of two runs of bytes from the CRCs
/// of each: appending n bytes of zeros multiplies by x^8n in GF(2)[x] modulo the polynomial.
/// </summary>
/// <param name="widthBits">32 or 64.</param>
/// <param name="polynomial">Reflected: the lowest bit stands for the highest power.</param>
internal sealed class Crc(int widthBits, ulong polynomial)
{
    // CRC-32/ISO-HDLC, CRC-32/ISCSI and CRC-64/NVME of the catalogue of parametrised CRC algorithms.
    private static readonly Crc Crc32 = new(32, 0xEDB88320);
    private static readonly Crc Crc32C = new(32, 0x82F63B78);
    private static readonly Crc Crc64Nvme = new(64, 0x9A6C9329AC4BC9B5);

    private readonly ulong _all = ulong.MaxValue >> (64 - widthBits);

    /// <returns>Null for algorithms that are no CRC.</returns>
    public static Crc? Of(ChecksumAlgorithm algorithm)
        => algorithm switch
        {
            ChecksumAlgorithm.Crc32 => Crc32,
            ChecksumAlgorithm.Crc32C => Crc32C,
            ChecksumAlgorithm.Crc64Nvme => Crc64Nvme,
            _ => null,
        };

    /// <summary>Bit by bit: the parts' checksums are 40 KB at most.</summary>
    /// <returns>Big-endian.</returns>
    public byte[] Hash(ReadOnlySpan<byte> bytes)
    {
        var crc = _all;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = Times(crc);
            }
        }

        return Write(crc ^ _all);
    }

    /// <param name="second">Of the run that follows, of <paramref name="secondLengthBytes"/>.</param>
    public byte[] Combine(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long secondLengthBytes)
    {
        // By squaring: x^(8n) from the bits of n.
        var power = 1UL << (widthBits - 9);
        var shift = 1UL << (widthBits - 1);
        for (var rest = secondLengthBytes; rest > 0; rest >>= 1)
        {
            if ((rest & 1) != 0)
            {
                shift = Multiply(shift, power);
            }

            power = Multiply(power, power);
        }

        return Write(Multiply(Read(first), shift) ^ Read(second));
    }

    // One power of x up. In reflected order that is a shift to the right.
    private ulong Times(ulong value) => (value >> 1) ^ ((value & 1) != 0 ? polynomial : 0);

    private ulong Multiply(ulong left, ulong right)
    {
        var product = 0UL;
        for (var bit = widthBits - 1; bit >= 0; bit--)
        {
            if ((left >> bit & 1) != 0)
            {
                product ^= right;
            }

            right = Times(right);
        }

        return product;
    }

    private byte[] Write(ulong value)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes[^(widthBits / 8)..];
    }

    private ulong Read(ReadOnlySpan<byte> bytes)
        => widthBits == 32 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt64BigEndian(bytes);
}
