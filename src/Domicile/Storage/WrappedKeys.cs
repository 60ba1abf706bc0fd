using System.Buffers.Binary;

namespace Domicile.Storage;

/// <summary>
/// The account's former keys as column <c>account.former_keys</c> holds them: a byte, how many; then of each, newest first,
/// two bytes of length (big endian) and what the custodian made of it. See docs/formats/content.md.
/// </summary>
internal static class WrappedKeys
{
    /// <summary>Bytes of one; a custodian elsewhere may need more than the local one.</summary>
    public const int WrappedBytesMax = 4096;

    /// <returns>Null where there is none.</returns>
    public static byte[]? Encode(IReadOnlyList<byte[]> former)
    {
        if (former.Count == 0)
        {
            return null;
        }

        Invariant.Check(former.Count < KeyRing.KeysMax);
        var bytes = new List<byte> { (byte)former.Count };
        Span<byte> length = stackalloc byte[sizeof(ushort)];
        foreach (var key in former)
        {
            Invariant.Check(key.Length is > 0 and <= WrappedBytesMax);
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)key.Length);
            bytes.AddRange(length);
            bytes.AddRange(key);
        }

        return [.. bytes];
    }

    /// <returns>Null where the bytes are not exactly what <see cref="Encode"/> gives.</returns>
    public static IReadOnlyList<byte[]>? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[0] is 0 or >= KeyRing.KeysMax)
        {
            return null;
        }

        var former = new byte[bytes[0]][];
        bytes = bytes[1..];
        for (var i = 0; i < former.Length; i++)
        {
            if (bytes.Length < sizeof(ushort) || BinaryPrimitives.ReadUInt16BigEndian(bytes) is var length
                && (length is 0 or > WrappedBytesMax || bytes.Length < sizeof(ushort) + length))
            {
                return null;
            }

            former[i] = bytes.Slice(sizeof(ushort), length).ToArray();
            bytes = bytes[(sizeof(ushort) + length)..];
        }

        return bytes.IsEmpty ? former : null;
    }
}
