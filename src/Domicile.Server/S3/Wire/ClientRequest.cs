using System.Text.Json;
using System.Text.Json.Serialization;

namespace Domicile.Server.S3.Wire;

/// <summary>
/// The head of a client's request as the node where it entered has read it: what travels with a relayed request and with a
/// write that is handed over, what the home acts on, and what the signature is checked against. Nobody writes it as HTTP
/// again, so nothing in it can become another request.
/// </summary>
/// <param name="Method">A token (RFC 9110, section 9.1).</param>
/// <param name="Target">The request line's target as it came: bytes <c>!</c> to <c>~</c> only.</param>
/// <param name="Headers">
/// Every header line in order, Host among them; of a name that came in several lines each line is one entry, its value as
/// sent but for blanks around it.
/// </param>
/// <param name="HostBucket">The bucket that the Host names, as the node where it entered understood it; null for path style.</param>
internal sealed record ClientRequest(
    string Method, string Target, IReadOnlyList<HeaderLine> Headers, string? HostBucket)
{
    /// <summary>JSON, UTF-8.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, ClientRequestJson.Default.ClientRequest);

    /// <summary>
    /// Null where the bytes are no request that a node could have read: they come from a peer, which may say anything. What
    /// the parts mean is checked by whoever acts on them, as at the node where the request entered.
    /// </summary>
    public static ClientRequest? TryDecode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, ClientRequestJson.Default.ClientRequest) is
                { Method.Length: > 0, Target.Length: > 0, Headers: not null } request
                && request.Headers.All(line => line is { Name.Length: > 0, Value: not null })
                ? request
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>One line of a request's head.</summary>
internal sealed record HeaderLine(string Name, string Value);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ClientRequest))]
internal sealed partial class ClientRequestJson : JsonSerializerContext;
