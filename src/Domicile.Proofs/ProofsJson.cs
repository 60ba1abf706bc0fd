using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Domicile.Proofs.Receipts;
using Domicile.Proofs.Statements;

namespace Domicile.Proofs;

/// <summary>
/// JSON of proofs: fields in the order of their declaration, unknown and repeated fields refused, and no escapes but
/// those that JSON demands, so that base64 stays as it is and grep finds it.
/// </summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(StatementForm))]
[JsonSerializable(typeof(EnvelopeForm))]
[JsonSerializable(typeof(ReceiptForm))]
[JsonSerializable(typeof(MoveDeparture))]
[JsonSerializable(typeof(MoveArrival))]
[JsonSerializable(typeof(Erasure))]
[JsonSerializable(typeof(Move))]
[JsonSerializable(typeof(Reencryption))]
[JsonSerializable(typeof(PolicyVersion))]
[JsonSerializable(typeof(PlacementOverride))]
[JsonSerializable(typeof(OperatorAccess))]
internal sealed partial class ProofsJson : JsonSerializerContext
{
    private const int DepthMax = 8;

    /// <summary>One line, no white space: what is signed and hashed.</summary>
    public static ProofsJson Compact { get; } = new(OptionsOf(indented: false));

    /// <summary>A field on each line, two spaces deeper at each level: receipt files.</summary>
    public static ProofsJson Indented { get; } = new(OptionsOf(indented: true));

    public static JsonWriterOptions WriterOptions
        => new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = DepthMax };

    private static JsonSerializerOptions OptionsOf(bool indented)
        => new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            WriteIndented = indented,
            IndentCharacter = ' ',
            IndentSize = 2,
            NewLine = "\n",
            MaxDepth = DepthMax,
            AllowDuplicateProperties = false,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            Converters = { new TimestampJson() },
        };
}

internal sealed record StatementForm(
    [property: JsonPropertyName("_type")] string Type, SubjectForm[] Subject, string PredicateType, JsonElement Predicate);

internal sealed record SubjectForm(string Name, DigestForm Digest);

internal sealed record DigestForm(string Sha256);

/// <summary>RFC 3339 in UTC with milliseconds, always 24 characters, so that text order is time order.</summary>
internal sealed class TimestampJson : JsonConverter<DateTimeOffset>
{
    private const string Form = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => reader.TokenType == JsonTokenType.String && DateTimeOffset.TryParseExact(
            reader.GetString(), Form, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time
                : throw new JsonException("not a time in UTC with milliseconds");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
        => writer.WriteStringValue(value.UtcDateTime.ToString(Form, CultureInfo.InvariantCulture));
}
