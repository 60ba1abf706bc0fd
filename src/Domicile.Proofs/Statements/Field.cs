using System.Buffers;
using System.Security.Cryptography;

namespace Domicile.Proofs.Statements;

/// <summary>What the fields of statements may hold. Each check answers null, or what is wrong.</summary>
internal static class Field
{
    public const int NameLengthCharsMax = 128;
    public const int ReasonLengthCharsMax = 512;

    private static readonly SearchValues<char> UpperLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    public static string? Name(string field, string value) => Text(field, value, NameLengthCharsMax);

    public static string? Reason(string field, string value) => Text(field, value, ReasonLengthCharsMax);

    public static string? Country(string field, string value)
        => value.Length == 2 && !value.AsSpan().ContainsAnyExcept(UpperLetters)
            ? null
            : $"the {field} is not an ISO 3166-1 code of two letters";

    public static string? Sha256(string field, string value)
        => CanonicalText.IsHex(value, SHA256.HashSizeInBytes)
            ? null
            : $"the {field} is not {2 * SHA256.HashSizeInBytes} lower-case hex digits";

    public static string? Count(string field, long value) => value >= 0 ? null : $"the {field} is negative";

    // Verifiers print these texts on terminals, so control characters are an attack and not a name.
    private static string? Text(string field, string value, int lengthCharsMax)
        => value.Length > 0 && value.Length <= lengthCharsMax && !value.Any(char.IsControl)
            ? null
            : $"the {field} is empty, longer than {lengthCharsMax} characters, or has control characters";
}
