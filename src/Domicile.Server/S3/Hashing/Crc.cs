using System.Buffers.Binary;
using System.Numerics;

namespace Domicile.Server.S3.Hashing;

/// <summary>
/// A reflected cyclic redundancy check whose register starts as all ones and is inverted at the end, by tables for eight
/// bytes at a time. All three that S3 knows are of this kind.
/// </summary>
internal sealed class Crc
{
    /// <summary>ISO 3309, ITU-T V.42: the CRC of zip and Ethernet.</summary>
    public static readonly Crc Crc32 = new(32, 0xEDB88320);

    /// <summary>Castagnoli's, RFC 9260 appendix A; x86-64 and ARM64 compute it in hardware.</summary>
    public static readonly Crc Crc32C = new(32, 0x82F63B78);

    /// <summary>NVM Express NVM Command Set Specification, 5.2.1.3.4.</summary>
    public static readonly Crc Crc64Nvme = new(64, 0x9A6C9329AC4BC9B5);

    private readonly int _widthBits;
    private readonly ulong _polynomial;
    private readonly ulong[][] _tables = new ulong[8][];

    private Crc(int widthBits, ulong polynomial)
    {
        (_widthBits, _polynomial) = (widthBits, polynomial);
        for (var table = 0; table < 8; table++)
        {
            _tables[table] = new ulong[256];
        }

        for (var value = 0; value < 256; value++)
        {
            var register = (ulong)value;
            for (var bit = 0; bit < 8; bit++)
            {
                register = TimesX(register);
            }

            _tables[0][value] = register;
        }

        for (var value = 0; value < 256; value++)
        {
            for (var table = 1; table < 8; table++)
            {
                var before = _tables[table - 1][value];
                _tables[table][value] = (before >> 8) ^ _tables[0][before & 0xFF];
            }
        }
    }

    public int LengthBytes => _widthBits / 8;

    private ulong Ones => ulong.MaxValue >> (64 - _widthBits);

    /// <summary>The CRC of what <paramref name="crc"/> is of, followed by <paramref name="bytes"/>. Of nothing it is 0.</summary>
    public ulong Append(ulong crc, ReadOnlySpan<byte> bytes)
    {
        var register = crc ^ Ones;
        register = ReferenceEquals(this, Crc32C) ? AppendCastagnoli((uint)register, bytes) : AppendByTables(register, bytes);
        return register ^ Ones;
    }

    /// <summary>The CRC of two runs of bytes from the CRC of each (the method of zlib's crc32_combine).</summary>
    public ulong Combine(ulong first, ulong second, long secondLengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(secondLengthBytes);
        // x^8, squared once per binary digit of the length, gives x^(8 length): what so many zero bytes do to a register.
        var power = 1UL << (_widthBits - 9);
        var shifted = first;
        for (var left = secondLengthBytes; left > 0; left >>= 1)
        {
            if ((left & 1) != 0)
            {
                shifted = Multiply(power, shifted);
            }

            power = Multiply(power, power);
        }

        return shifted ^ second;
    }

    /// <summary>Big-endian, as S3 shows it.</summary>
    public byte[] ToBytes(ulong crc)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, crc);
        return bytes[(8 - LengthBytes)..];
    }

    /// <param name="bytes">Exactly <see cref="LengthBytes"/>.</param>
    public static ulong FromBytes(ReadOnlySpan<byte> bytes)
    {
        var crc = 0UL;
        foreach (var value in bytes)
        {
            crc = (crc << 8) | value;
        }

        return crc;
    }

    private static ulong AppendCastagnoli(uint register, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 8)
        {
            register = BitOperations.Crc32C(register, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        foreach (var value in bytes)
        {
            register = BitOperations.Crc32C(register, value);
        }

        return register;
    }

    private ulong AppendByTables(ulong register, ReadOnlySpan<byte> bytes)
    {
        ulong[] t0 = _tables[0], t1 = _tables[1], t2 = _tables[2], t3 = _tables[3];
        ulong[] t4 = _tables[4], t5 = _tables[5], t6 = _tables[6], t7 = _tables[7];
        while (bytes.Length >= 8)
        {
            // A 32-bit register meets the first four bytes only, which is where its bits are.
            var word = BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ register;
            register = t7[(byte)word] ^ t6[(byte)(word >> 8)] ^ t5[(byte)(word >> 16)] ^ t4[(byte)(word >> 24)]
                ^ t3[(byte)(word >> 32)] ^ t2[(byte)(word >> 40)] ^ t1[(byte)(word >> 48)] ^ t0[(byte)(word >> 56)];
            bytes = bytes[8..];
        }

        foreach (var value in bytes)
        {
            register = (register >> 8) ^ t0[(byte)(register ^ value)];
        }

        return register;
    }

    // Polynomials are reflected: the highest bit is the coefficient of x^0.
    private ulong TimesX(ulong value) => (value & 1) != 0 ? (value >> 1) ^ _polynomial : value >> 1;

    private ulong Multiply(ulong a, ulong b)
    {
        var product = 0UL;
        for (var bit = 1UL << (_widthBits - 1); bit != 0; bit >>= 1)
        {
            if ((a & bit) != 0)
            {
                product ^= b;
            }

            b = TimesX(b);
        }

        return product;
    }
}
