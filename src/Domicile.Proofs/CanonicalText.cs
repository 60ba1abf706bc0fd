using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Domicile.Proofs;

/// <summary>Base64 and hex in the one form that each value has, so that nobody can write the same proof twice.</summary>
internal static class CanonicalText
{
    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>Standard base64 with padding (RFC 4648, section 4), unused bits zero, no white space.</summary>
    public static bool TryFromBase64(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        var buffer = new byte[text.Length / 4 * 3];
        if (text.Length % 4 == 0
            && Convert.TryFromBase64String(text, buffer, out var length)
            && string.Equals(Convert.ToBase64String(buffer, 0, length), text, StringComparison.Ordinal))
        {
            bytes = buffer[..length];
        }

        return bytes is not null;
    }

    public static bool TryFromHex(string text, int lengthBytes, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = IsHex(text, lengthBytes) ? Convert.FromHexString(text) : null;
        return bytes is not null;
    }

    public static bool IsHex(string text, int lengthBytes)
        => text.Length == 2 * lengthBytes && !text.AsSpan().ContainsAnyExcept(LowerHex);
}
