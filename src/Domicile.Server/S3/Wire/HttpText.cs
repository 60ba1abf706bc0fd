using System.Buffers;

namespace Domicile.Server.S3.Wire;

/// <summary>What the parts of a request's head may be made of, whichever version of HTTP and whichever peer brought them.</summary>
internal static class HttpText
{
    // RFC 9110, section 5.6.2.
    private static readonly SearchValues<char> TokenChars = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // RFC 9110, section 5.5: of the controls a value may hold the tab alone.
    private static readonly SearchValues<char> ControlChars = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(code => code != '\t').Append(127).Select(code => (char)code)]);

    /// <summary>A method or a header's name.</summary>
    public static bool IsToken(string? text) => !string.IsNullOrEmpty(text) && !text.AsSpan().ContainsAnyExcept(TokenChars);

    /// <summary>A request's target: visible ASCII (RFC 3986 has no other characters).</summary>
    public static bool IsTarget(string? text) => !string.IsNullOrEmpty(text) && !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    /// <summary>A header's value.</summary>
    public static bool IsValue(string? text) => text is not null && !text.AsSpan().ContainsAny(ControlChars);
}
