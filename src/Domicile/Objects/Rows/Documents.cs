using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Domicile.Objects.Rows;

/// <summary>What no query selects a version by.</summary>
internal sealed record VersionDocument
{
    public ObjectHeaders? Headers { get; init; }
    public IReadOnlyList<Checksum>? Checksums { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
    public IReadOnlyList<ContentPiece>? Pieces { get; init; }
    public IReadOnlyList<long>? PartSizes { get; init; }
}

internal sealed record UploadDocument
{
    public ObjectHeaders? Headers { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
    public ChecksumAlgorithm? ChecksumAlgorithm { get; init; }
    public bool ChecksumIsComposite { get; init; }
}

internal sealed record PartDocument
{
    public Checksum? Checksum { get; init; }
    public IReadOnlyList<ContentPiece>? Pieces { get; init; }
}

/// <summary>
/// The JSON inside rows. Members come in the order of their declaration and dictionaries in ordinal order, so that equal
/// documents are equal bytes.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(VersionDocument))]
[JsonSerializable(typeof(UploadDocument))]
[JsonSerializable(typeof(PartDocument))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class DocumentJson : JsonSerializerContext
{
    public static readonly IReadOnlyDictionary<string, string> NoTags = new Dictionary<string, string>();

    public static string Write<T>(T document, JsonTypeInfo<T> type) => JsonSerializer.Serialize(document, type);

    public static string WriteTags(IReadOnlyDictionary<string, string> tags)
        => JsonSerializer.Serialize(Ordered(tags) ?? NoTags, Default.IReadOnlyDictionaryStringString);

    /// <exception cref="InvalidRowException">The text is no such document.</exception>
    public static T Read<T>(string json, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type)
                ?? throw new InvalidRowException($"A row was refused: its {typeof(T).Name} is null.");
        }
        catch (JsonException cause)
        {
            throw new InvalidRowException($"A row was refused: its {typeof(T).Name} is malformed.", cause);
        }
    }

    /// <returns>In ordinal order; null for none, so that documents leave it out.</returns>
    public static IReadOnlyDictionary<string, string>? Ordered(IReadOnlyDictionary<string, string> entries)
        => entries.Count switch
        {
            0 => null,
            _ => new SortedDictionary<string, string>(entries.ToDictionary(), StringComparer.Ordinal),
        };

    public static ObjectHeaders Ordered(ObjectHeaders headers)
        => headers with { Metadata = Ordered(headers.Metadata) ?? NoTags };

    /// <summary>Checks what JSON's shape doesn't say: a peer may have written it.</summary>
    /// <param name="lengthBytes">What the pieces must add up to.</param>
    public static void Check(IReadOnlyList<ContentPiece>? pieces, long lengthBytes)
    {
        Require((pieces?.Count ?? 0) <= ObjectLimits.PiecesMax, "it has too many pieces");
        var rest = lengthBytes;
        foreach (var piece in pieces ?? [])
        {
            Require(piece is { ContentId.Length: > 0 and <= ObjectLimits.IdBytesMax }, "a piece names no content");
            Require(piece.OffsetBytes >= 0 && piece.LengthBytes >= 0, "a piece has a negative place");
            Require(piece.OffsetBytes <= long.MaxValue - piece.LengthBytes, "a piece ends out of range");
            Require(piece.LengthBytes <= rest, "its pieces are longer than it");
            rest -= piece.LengthBytes;
        }

        Require(rest == 0, "its pieces are shorter than it");
    }

    public static void Check(IEnumerable<Checksum> checksums)
        => Require(checksums.All(c => c is not null && Enum.IsDefined(c.Algorithm)), "a checksum's algorithm is unknown");

    public static void Check(IReadOnlyDictionary<string, string>? entries)
        => Require(entries is null || entries.Values.All(value => value is not null), "a tag or an entry of metadata is null");

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidRowException($"A row was refused: {what}.");
        }
    }
}
