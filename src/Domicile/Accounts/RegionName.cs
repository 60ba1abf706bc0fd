using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Domicile.Accounts;

/// <summary>Names a region within a deployment: a letter, then at most 39 more of a-z, 0-9 and '-'.</summary>
[JsonConverter(typeof(RegionNameJson))]
internal readonly partial record struct RegionName
{
    private RegionName(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out RegionName name)
    {
        var valid = text is not null && Form().IsMatch(text);
        name = valid ? new RegionName(text!) : default;
        return valid;
    }

    /// <summary>For text that this program wrote itself.</summary>
    /// <exception cref="FormatException">The text is no region name.</exception>
    public static RegionName Parse(string text)
        => TryParse(text, out var name) ? name : throw new FormatException($"'{text}' is not a region name.");

    public override string ToString() => Value;

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,39}\z")]
    private static partial Regex Form();
}

internal sealed class RegionNameJson : JsonConverter<RegionName>
{
    public override RegionName Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => RegionName.TryParse(reader.GetString(), out var name) ? name : throw new JsonException("not a region name");

    public override void Write(Utf8JsonWriter writer, RegionName value, JsonSerializerOptions options)
        => writer.WriteStringValue(value.Value);

    public override RegionName ReadAsPropertyName(
        ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => Read(ref reader, typeToConvert, options);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, RegionName value, JsonSerializerOptions options)
        => writer.WritePropertyName(value.Value);
}
