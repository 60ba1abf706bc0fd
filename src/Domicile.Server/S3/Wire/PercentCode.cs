using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Domicile.Server.S3.Wire;

/// <summary>Percent encoding (RFC 3986) over UTF-8, as AWS Signature Version 4 and S3's listings use it.</summary>
internal static class PercentCode
{
    private const string HexDigits = "0123456789ABCDEF";

    // RFC 3986 2.3: what SigV4 never encodes.
    private static readonly SearchValues<char> Unreserved
        = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    private static readonly SearchValues<char> UnreservedOrSlash
        = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/");

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static string EncodePath(string text) => Encode(text, UnreservedOrSlash);

    public static string Encode(string text) => Encode(text, Unreserved);

    /// <summary>Decodes %XX. False: a broken escape, or bytes that are no UTF-8.</summary>
    /// <param name="plusIsSpace">As in queries and in x-amz-tagging, not in paths.</param>
    public static bool TryDecode(ReadOnlySpan<char> text, bool plusIsSpace, [NotNullWhen(true)] out string? decoded)
    {
        if (!text.ContainsAny('%', '+') && System.Text.Ascii.IsValid(text))
        {
            decoded = text.ToString();
            return true;
        }

        decoded = null;
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            if (c == '%')
            {
                if (at + 2 >= text.Length || !TryHex(text[at + 1], text[at + 2], out bytes[length]))
                {
                    return false;
                }

                length++;
                at += 2;
            }
            else if (c < 0x80)
            {
                bytes[length++] = plusIsSpace && c == '+' ? (byte)' ' : (byte)c;
            }
            else if (Rune.DecodeFromUtf16(text[at..], out var rune, out var charsConsumed) == OperationStatus.Done)
            {
                length += rune.EncodeToUtf8(bytes.AsSpan(length));
                at += charsConsumed - 1;
            }
            else
            {
                return false;
            }
        }

        return TryUtf8(bytes.AsSpan(0, length), out decoded);
    }

    public static bool TryUtf8(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? text)
    {
        text = System.Text.Unicode.Utf8.IsValid(bytes) ? StrictUtf8.GetString(bytes) : null;
        return text is not null;
    }

    private static string Encode(string text, SearchValues<char> kept)
    {
        if (!text.AsSpan().ContainsAnyExcept(kept))
        {
            return text;
        }

        var encoded = new StringBuilder(text.Length + 16);
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            if (value < 0x80 && kept.Contains((char)value))
            {
                encoded.Append((char)value);
            }
            else
            {
                encoded.Append('%').Append(HexDigits[value >> 4]).Append(HexDigits[value & 15]);
            }
        }

        return encoded.ToString();
    }

    private static bool TryHex(char high, char low, out byte value)
    {
        value = 0;
        if (!char.IsAsciiHexDigit(high) || !char.IsAsciiHexDigit(low))
        {
            return false;
        }

        value = (byte)((Nibble(high) << 4) | Nibble(low));
        return true;
    }

    private static int Nibble(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
