using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Domicile.Objects;

/// <summary>Commands and their results as they travel between regions: JSON, read strictly.</summary>
/// <remarks>
/// Metadata mode only: the generated fast path writes a null byte[] as "", and a content in a file would arrive as an empty
/// one that lies inline.
/// </remarks>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(AccountCommand))]
[JsonSerializable(typeof(CommandResult))]
internal sealed partial class CommandJson : JsonSerializerContext
{
    public static byte[] Write(AccountCommand command)
        => JsonSerializer.SerializeToUtf8Bytes(command, Default.AccountCommand);

    public static byte[] Write(CommandResult result)
        => JsonSerializer.SerializeToUtf8Bytes(result, Default.CommandResult);

    /// <exception cref="JsonException">The bytes are no command.</exception>
    public static AccountCommand ReadCommand(ReadOnlySpan<byte> json) => Read(json, Default.AccountCommand);

    /// <exception cref="JsonException">The bytes are no result.</exception>
    public static CommandResult ReadResult(ReadOnlySpan<byte> json) => Read(json, Default.CommandResult);

    private static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new JsonException($"null is no {typeof(T).Name}");
        }
        catch (NotSupportedException cause)
        {
            // The serialiser's word for a kind that is missing.
            throw new JsonException($"The {typeof(T).Name} says no kind.", cause);
        }
    }
}
