using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

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
    // Nobody puts it into a page: only what JSON needs is escaped, so that a head of the largest size stays in its bound.
    private static readonly ClientRequestJson Json = new(
        new JsonSerializerOptions(ClientRequestJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>As it came to this node, or to the one that relayed it here.</summary>
    public static ClientRequest Of(HttpContext context, string? hostBucket)
        => new(
            context.Request.Method, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            [.. context.Request.Headers.Where(header => !header.Key.StartsWith(':'))
                .SelectMany(header => header.Value, (header, value) => new HeaderLine(header.Key, value ?? ""))],
            hostBucket);

    /// <summary>The header lines by name, each line a value of its own.</summary>
    public HeaderDictionary ToHeaders()
    {
        var headers = new HeaderDictionary();
        foreach (var line in Headers)
        {
            headers[line.Name] = StringValues.Concat(headers[line.Name], line.Value);
        }

        return headers;
    }

    /// <summary>JSON, UTF-8.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, Json.ClientRequest);

    /// <summary>
    /// Null where the bytes are no request that a node could have read: they come from a peer, which may say anything. What
    /// the parts mean is checked by whoever acts on them, as at the node where the request entered.
    /// </summary>
    public static ClientRequest? TryDecode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, Json.ClientRequest) is { Headers: not null } request
                && HttpText.IsToken(request.Method) && HttpText.IsTarget(request.Target)
                && request.Headers.All(line => line is not null && HttpText.IsToken(line.Name) && HttpText.IsValue(line.Value))
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
