namespace Domicile.Deployments;

/// <summary>Whether a bearer token can be one that nobody guesses: as long as 128 random bits in its own alphabet.</summary>
internal static class TokenStrength
{
    /// <summary>
    /// Fewer tell that it isn't random, however long it is: of 32 random hex digits 1 draw in 5,000,000,000 has fewer.
    /// </summary>
    public const int DistinctCharsMin = 7;

    public const int CharsMax = 1024;

    private const double BitsMin = 128;
    private const int HexChars = 16;
    private const int LettersAndDigits = 36;

    /// <summary>
    /// Of mixed letters and digits; 62 and what else stands in base64 come to the same 22 characters, the base64 of 16 bytes.
    /// </summary>
    private const int Base64Chars = 64;

    /// <returns>Null: it will do. Else what is wrong, as it stands behind the token's name; nothing of the token is in it.</returns>
    public static string? Trouble(string token)
    {
        const string advice = "make one with: openssl rand -hex 32";
        if (!IsSendable(token))
        {
            return $"has characters that no header carries, or more than {CharsMax}; {advice}";
        }

        return token.Length * Math.Log2(AlphabetOf(token)) < BitsMin || token.Distinct().Count() < DistinctCharsMin
            ? $"can be guessed: a token has at least 128 random bits, which is 32 hex digits or 22 characters of base64; {advice}"
            : null;
    }

    /// <summary>Whether a header can carry it (RFC 6750).</summary>
    public static bool IsSendable(string token)
        => token.Length is > 0 and <= CharsMax && token.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0;

    private static int AlphabetOf(string token)
        => token.All(char.IsAsciiDigit) ? 10
            : token.All(char.IsAsciiHexDigitLower) || token.All(char.IsAsciiHexDigitUpper) ? HexChars
            : token.All(c => char.IsAsciiDigit(c) || char.IsAsciiLetterLower(c))
                || token.All(c => char.IsAsciiDigit(c) || char.IsAsciiLetterUpper(c)) ? LettersAndDigits
            : Base64Chars;
}
