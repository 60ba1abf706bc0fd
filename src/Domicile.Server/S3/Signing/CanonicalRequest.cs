using System.Text;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3.Signing;

/// <summary>
/// The text of a request that its signature covers. S3's own rule: the path is encoded once, and neither double slashes
/// nor dot segments are removed. Amazon S3 API Reference, "Signature Calculations for the Authorization Header".
/// </summary>
internal static class CanonicalRequest
{
    /// <param name="path">Encoded, as the client is taken to have signed it.</param>
    /// <param name="canonicalQuery">See <see cref="RequestQuery.Canonical"/>.</param>
    /// <param name="payloadHash">Hex SHA-256, or one of the constants of x-amz-content-sha256.</param>
    public static string Build(
        string method, string path, string canonicalQuery, IHeaderDictionary headers,
        IReadOnlyList<string> signedHeaders, string payloadHash)
    {
        var text = new StringBuilder(512);
        text.Append(method).Append('\n').Append(path).Append('\n').Append(canonicalQuery).Append('\n');
        foreach (var name in signedHeaders)
        {
            text.Append(name).Append(':');
            AppendValues(text, headers[name]);
            text.Append('\n');
        }

        return text.Append('\n').AppendJoin(';', signedHeaders).Append('\n').Append(payloadHash).ToString();
    }

    /// <summary>The path as SigV4 has it encoded; null where it can't be decoded.</summary>
    public static string? EncodePath(string rawPath)
        => PercentCode.TryDecode(rawPath, false, out var decoded) ? PercentCode.EncodePath(decoded) : null;

    // Values of one name are joined by commas; each is trimmed, and runs of blanks in it become one.
    private static void AppendValues(StringBuilder text, Microsoft.Extensions.Primitives.StringValues values)
    {
        for (var index = 0; index < values.Count; index++)
        {
            if (index > 0)
            {
                text.Append(',');
            }

            var pending = false;
            var any = false;
            foreach (var c in values[index] ?? "")
            {
                if (c is ' ' or '\t')
                {
                    pending = any;
                    continue;
                }

                if (pending)
                {
                    text.Append(' ');
                }

                text.Append(c);
                (pending, any) = (false, true);
            }
        }
    }
}
