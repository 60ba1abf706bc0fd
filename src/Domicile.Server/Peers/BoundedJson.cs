using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Domicile.Server.Peers;

/// <summary>Reads a peer's JSON, of which no more is taken into memory than its kind may need.</summary>
internal static class BoundedJson
{
    private const int FirstBytes = 4 << 10;

    /// <exception cref="AnswerTooLongException">There is more. The connection can't be used again.</exception>
    /// <exception cref="JsonException">It is no such document.</exception>
    public static async Task<T?> ReadAsync<T>(
        HttpContent content, JsonTypeInfo<T> type, int bytesMax, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > bytesMax)
        {
            throw new AnswerTooLongException(bytesMax);
        }

        await using var body = await content.ReadAsStreamAsync(cancellationToken);
        var bytes = new byte[Math.Min(bytesMax, (int)(content.Headers.ContentLength ?? FirstBytes)) + 1];
        var length = 0;
        while (await body.ReadAsync(bytes.AsMemory(length), cancellationToken) is > 0 and var read)
        {
            length += read;
            if (length > bytesMax)
            {
                throw new AnswerTooLongException(bytesMax);
            }

            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(bytesMax + 1L, 2L * bytes.Length));
            }
        }

        return JsonSerializer.Deserialize(bytes.AsSpan(0, length), type);
    }
}

/// <summary>A peer answers more than an answer of that kind can have.</summary>
internal sealed class AnswerTooLongException(int bytesMax) : IOException($"An answer of more than {bytesMax} bytes.")
{
    public int BytesMax => bytesMax;
}
