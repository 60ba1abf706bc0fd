using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Domicile.Proofs;

/// <summary>
/// A digest of a set that follows single changes at constant cost, whatever the set's size and whatever the order:
/// LtHash (Bellare and Micciancio 1997; Lewi, Kim, Maykov, Weis 2019, eprint 2019/227) of 1,024 lanes of 16 bits, with
/// SHAKE-256 (FIPS 202) as the hash of an element. Two digests are equal exactly if the sets are, as far as anyone can
/// compute. It is a digest of a multiset: an element added twice differs from one added once. Not thread-safe.
/// See docs/formats/set-digest.md.
/// </summary>
public sealed class SetDigest
{
    public const int LengthBytes = 2048;

    private const int Lanes = LengthBytes / sizeof(ushort);

    private readonly ushort[] _lanes = new ushort[Lanes];

    private SetDigest()
    {
    }

    /// <summary>A new digest of the empty set: all lanes zero. Each call makes its own.</summary>
    public static SetDigest Empty => new();

    /// <param name="bytes">Exactly <see cref="LengthBytes"/>, as <see cref="ToBytes"/> gives them.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another length.</exception>
    public static SetDigest FromBytes(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, LengthBytes);
        var digest = new SetDigest();
        ToHostOrder(bytes, digest._lanes);
        return digest;
    }

    /// <summary>Puts an element in. Elements are told apart by their bytes, of any length.</summary>
    public void Add(ReadOnlySpan<byte> element)
    {
        Span<ushort> lanes = stackalloc ushort[Lanes];
        HashElement(element, lanes);
        Add(lanes);
    }

    /// <summary>Takes an element out. That it was in is the caller's business: the digest can't know.</summary>
    public void Remove(ReadOnlySpan<byte> element)
    {
        Span<ushort> lanes = stackalloc ushort[Lanes];
        HashElement(element, lanes);
        Subtract(lanes);
    }

    /// <summary>Puts all elements of another set in: the digest becomes that of the multiset sum.</summary>
    public void Combine(SetDigest other) => Add(other._lanes);

    /// <summary>The lanes in order, each of two bytes, low byte first: <see cref="LengthBytes"/> in all.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[LengthBytes];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Writes what <see cref="ToBytes"/> gives, without an allocation.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The destination is not of <see cref="LengthBytes"/>.</exception>
    public void CopyTo(Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, LengthBytes);
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(_lanes.AsSpan()).CopyTo(destination);
            return;
        }

        for (var lane = 0; lane < Lanes; lane++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(destination[(lane * sizeof(ushort))..], _lanes[lane]);
        }
    }

    /// <summary>Compares in constant time. False for bytes of another length.</summary>
    public bool Matches(ReadOnlySpan<byte> other) => CryptographicOperations.FixedTimeEquals(ToBytes(), other);

    /// <summary>SHA-256 of the digest's bytes in lower-case hex: how statements name it.</summary>
    public string Fingerprint() => Convert.ToHexStringLower(SHA256.HashData(ToBytes()));

    private static void HashElement(ReadOnlySpan<byte> element, Span<ushort> lanes)
    {
        Span<byte> bytes = stackalloc byte[LengthBytes];
        Shake256.HashData(element, bytes);
        ToHostOrder(bytes, lanes);
    }

    private static void ToHostOrder(ReadOnlySpan<byte> bytes, Span<ushort> lanes)
    {
        bytes.CopyTo(MemoryMarshal.AsBytes(lanes));
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(lanes, lanes);
        }
    }

    // 1,024 lanes are a multiple of every vector width there is, so neither loop leaves a rest. Lanes wrap at 2^16.
    private void Add(ReadOnlySpan<ushort> lanes)
    {
        var sums = MemoryMarshal.Cast<ushort, Vector<ushort>>(_lanes.AsSpan());
        var addends = MemoryMarshal.Cast<ushort, Vector<ushort>>(lanes);
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] += addends[i];
        }
    }

    private void Subtract(ReadOnlySpan<ushort> lanes)
    {
        var sums = MemoryMarshal.Cast<ushort, Vector<ushort>>(_lanes.AsSpan());
        var subtrahends = MemoryMarshal.Cast<ushort, Vector<ushort>>(lanes);
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] -= subtrahends[i];
        }
    }
}
