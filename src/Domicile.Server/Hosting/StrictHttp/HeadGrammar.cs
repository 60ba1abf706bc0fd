using System.Buffers;
using System.Text;

namespace Domicile.Server.Hosting.StrictHttp;

/// <summary>The words of HTTP/1.1 as RFC 9110 and RFC 9112 spell them, and no other spelling.</summary>
internal static class HeadGrammar
{
    private const int ChunkSizeDigitsMax = 16;
    private const int ContentLengthDigitsMax = 18;
    private const int PortDigitsMax = 5;

    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<char> TokenChars = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // RFC 3986, 3.2.2: unreserved, percent-encoded and sub-delims.
    private static readonly SearchValues<byte> RegisteredNameBytes = SearchValues.Create(
        "-._~%!$&'()*+,;=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> AddressBytes = SearchValues.Create(":.0123456789ABCDEFabcdef"u8);

    // RFC 9110, 5.5: CTL but for the tab.
    private static readonly SearchValues<byte> ControlBytes = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(value => value != '\t').Select(value => (byte)value), 127]);

    private static readonly SearchValues<char> ControlChars = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(value => value != '\t').Select(value => (char)value), '\u007F']);

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789ABCDEFabcdef"u8);

    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenBytes);

    public static bool IsToken(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenChars);

    public static bool IsFieldValue(ReadOnlySpan<byte> text) => !text.ContainsAny(ControlBytes);

    public static bool IsFieldValue(ReadOnlySpan<char> text) => !text.ContainsAny(ControlChars);

    /// <summary>Bytes of a target: visible ASCII.</summary>
    public static bool IsTarget(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExceptInRange((byte)'!', (byte)'~');

    /// <inheritdoc cref="IsTarget(ReadOnlySpan{byte})"/>
    public static bool IsTarget(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExceptInRange('!', '~');

    /// <summary>A host with or without a port (RFC 9110, 7.2), without user information.</summary>
    public static bool IsAuthority(ReadOnlySpan<byte> text)
    {
        if (text.StartsWith("["u8))
        {
            var end = text.IndexOf((byte)']');
            return end > 1 && !text[1..end].ContainsAnyExcept(AddressBytes) && IsPort(text[(end + 1)..]);
        }

        var colon = text.IndexOf((byte)':');
        var host = colon < 0 ? text : text[..colon];
        return !host.IsEmpty && !host.ContainsAnyExcept(RegisteredNameBytes) && IsPort(text[host.Length..]);
    }

    /// <summary>RFC 9112, 3.2.2: the authority of a target in absolute form, whose scheme is http or https; else false.</summary>
    public static bool TryGetAuthority(ReadOnlySpan<byte> target, out ReadOnlySpan<byte> authority)
    {
        authority = default;
        var colon = target.IndexOf("://"u8);
        if (colon < 0 || !(Ascii.EqualsIgnoreCase(target[..colon], "http"u8) || Ascii.EqualsIgnoreCase(target[..colon], "https"u8)))
        {
            return false;
        }

        var rest = target[(colon + 3)..];
        var end = rest.IndexOfAny("/?#"u8);
        authority = end < 0 ? rest : rest[..end];
        return IsAuthority(authority);
    }

    /// <summary>RFC 9110, 8.6: digits; here without a needless zero, so that every number has one spelling.</summary>
    public static bool TryReadContentLength(ReadOnlySpan<byte> text, out long lengthBytes)
    {
        lengthBytes = 0;
        if (text.IsEmpty || text.Length > ContentLengthDigitsMax || (text.Length > 1 && text[0] == '0')
            || text.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return false;
        }

        foreach (var digit in text)
        {
            lengthBytes = (lengthBytes * 10) + (digit - '0');
        }

        return true;
    }

    /// <summary>RFC 9112, 7.1: a chunk's size and its extensions (7.1.1), without the white space that only senders in error use.</summary>
    public static bool TryReadChunkLine(ReadOnlySpan<byte> line, out long lengthBytes)
    {
        lengthBytes = 0;
        var digits = line.IndexOfAnyExcept(HexDigits);
        digits = digits < 0 ? line.Length : digits;
        if (digits is 0 or > ChunkSizeDigitsMax)
        {
            return false;
        }

        ulong value = 0;
        foreach (var digit in line[..digits])
        {
            value = (value << 4) | (uint)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        lengthBytes = (long)value;
        return value <= long.MaxValue && AreExtensions(line[digits..]);
    }

    private static bool IsPort(ReadOnlySpan<byte> text)
        => text.IsEmpty
            || (text[0] == ':' && text.Length <= 1 + PortDigitsMax && !text[1..].ContainsAnyExceptInRange((byte)'0', (byte)'9'));

    private static bool AreExtensions(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            if (text[0] != ';' || !TakeToken(ref text, 1))
            {
                return false;
            }

            if (!text.StartsWith("="u8))
            {
                continue;
            }

            if (text.StartsWith("=\""u8) ? !TakeQuoted(ref text) : !TakeToken(ref text, 1))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TakeToken(ref ReadOnlySpan<byte> text, int from)
    {
        text = text[from..];
        var end = text.IndexOfAnyExcept(TokenBytes);
        end = end < 0 ? text.Length : end;
        text = text[end..];
        return end > 0;
    }

    // RFC 9110, 5.6.4. The text begins with the equals sign.
    private static bool TakeQuoted(ref ReadOnlySpan<byte> text)
    {
        for (var at = 2; at < text.Length; at++)
        {
            if (text[at] == '"')
            {
                text = text[(at + 1)..];
                return true;
            }

            at += text[at] == '\\' ? 1 : 0;
            if (at >= text.Length || !IsFieldValue(text.Slice(at, 1)))
            {
                return false;
            }
        }

        return false;
    }
}
