using System.Text;

namespace Domicile.Server.S3.Wire;

/// <summary>What an object's key may be: 1 to 1,024 bytes of UTF-8 without U+0000.</summary>
internal static class ObjectKey
{
    public const int LengthBytesMax = 1024;

    /// <summary>Null where the key is good.</summary>
    public static S3Error? Check(string key)
    {
        if (key.Length > LengthBytesMax || Encoding.UTF8.GetByteCount(key) is var size && size > LengthBytesMax)
        {
            return S3Error.Of("KeyTooLongError")
                .WithDetail("MaxSizeAllowed", LengthBytesMax.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        // A lone surrogate can come from an XML reference; it has no UTF-8.
        return key.Length == 0 || key.Contains('\0') || !IsWellFormed(key)
            ? S3Error.InvalidArgument("Key", null, "The key is empty, or holds what is not a character.")
            : null;
    }

    private static bool IsWellFormed(string key)
    {
        for (var at = 0; at < key.Length; at++)
        {
            if (char.IsHighSurrogate(key[at]) && at + 1 < key.Length && char.IsLowSurrogate(key[at + 1]))
            {
                at++;
            }
            else if (char.IsSurrogate(key[at]))
            {
                return false;
            }
        }

        return true;
    }
}
