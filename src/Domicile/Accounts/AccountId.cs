using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Domicile.Accounts;

/// <summary>Names an account: 16 characters of a-z and 2-7 (80 random bits), chosen once, never reused, meaning nothing.</summary>
[JsonConverter(typeof(AccountIdJson))]
internal readonly record struct AccountId : IComparable<AccountId>
{
    public const int LengthChars = 16;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz234567");

    private AccountId(string value) => Value = value;

    public string Value { get; }

    /// <summary>Makes an id of 80 bits that the caller drew at random.</summary>
    /// <param name="random">Exactly 10 bytes.</param>
    public static AccountId FromRandom(ReadOnlySpan<byte> random)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(random.Length, 10);
        return new AccountId(Base32.Encode(random));
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out AccountId id)
    {
        var valid = text is { Length: LengthChars } && !text.AsSpan().ContainsAnyExcept(Allowed);
        id = valid ? new AccountId(text!) : default;
        return valid;
    }

    /// <summary>For text that this program wrote itself.</summary>
    /// <exception cref="FormatException">The text is no account id.</exception>
    public static AccountId Parse(string text)
        => TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not an account id.");

    public int CompareTo(AccountId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}

internal sealed class AccountIdJson : JsonConverter<AccountId>
{
    public override AccountId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => AccountId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("not an account id");

    public override void Write(Utf8JsonWriter writer, AccountId value, JsonSerializerOptions options)
        => writer.WriteStringValue(value.Value);
}
