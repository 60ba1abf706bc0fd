using System.Buffers.Binary;
using System.Security.Cryptography;
using Domicile.Accounts;

namespace Domicile.Objects;

/// <summary>
/// Version ids: 32 characters, opaque to clients. The version's born is inside, so that an id finds its row by the primary
/// key, and a listing goes on after a version that has gone since.
/// </summary>
internal static class VersionIds
{
    /// <summary>Of versions written while the bucket was not versioned, or its versioning suspended.</summary>
    public const string Null = "null";

    public const int LengthChars = 32;

    private const int LengthBytes = 20;

    public static string New(long born)
    {
        Span<byte> bytes = stackalloc byte[LengthBytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, born);
        RandomNumberGenerator.Fill(bytes[sizeof(long)..]);
        return Base32.Encode(bytes);
    }

    /// <summary>Says whether a text has the form of a version id of ours; clients may send anything.</summary>
    public static bool IsWellFormed(string text) => text == Null || TryGetBorn(text, out _);

    public static bool TryGetBorn(string versionId, out long born)
    {
        born = 0;
        if (versionId.Length != LengthChars)
        {
            return false;
        }

        // 13 characters carry 65 bits: the first 64 are born, the last belongs to the random rest.
        var bits = UInt128.Zero;
        foreach (var c in versionId.AsSpan(0, 13))
        {
            var value = c switch
            {
                >= 'a' and <= 'z' => c - 'a',
                >= '2' and <= '7' => c - '2' + 26,
                _ => -1,
            };
            if (value < 0)
            {
                return false;
            }

            bits = (bits << 5) | (uint)value;
        }

        born = (long)(ulong)(bits >> 1);
        return born > 0;
    }
}
