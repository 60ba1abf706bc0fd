using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Domicile.Control;

namespace Domicile.Server.Tests.Relay;

/// <summary>
/// Takes out of an answer what must differ between two askings: what names one request, one moment, one account, one address,
/// and ids that are drawn.
/// </summary>
internal static partial class Masks
{
    private const int BodyShownBytesMax = 64 << 10;

    /// <param name="answer">One answer or several; a long one is shown by its head and the digest of the rest.</param>
    public static string Apply(ReadOnlySpan<byte> answer, NewAccountView account, Uri at)
        => Apply(
            answer.Length <= BodyShownBytesMax
                ? Encoding.UTF8.GetString(answer)
                : Encoding.UTF8.GetString(answer[..(answer.IndexOf("\r\n\r\n"u8) + 4)])
                    + string.Create(CultureInfo.InvariantCulture, $"({answer.Length} bytes) ")
                    + Convert.ToHexString(SHA256.HashData(answer[(answer.IndexOf("\r\n\r\n"u8) + 4)..])),
            account, at);

    public static string Apply(string answer, NewAccountView account, Uri at)
        => Signed().Replace(Elements().Replace(Headers().Replace(answer, "*"), "*"), "*")
            .Replace(at.Authority, "(at)", StringComparison.Ordinal)
            .Replace(account.Account, "(account)", StringComparison.Ordinal);

    [GeneratedRegex("(?<=\n(?:Date|Last-Modified|x-amz-request-id|x-amz-id-2|x-amz-version-id|x-amz-copy-source-version-id): )[^\r]+", RegexOptions.IgnoreCase)]
    private static partial Regex Headers();

    [GeneratedRegex(
        "(?<=<(RequestId|HostId|LastModified|CreationDate|Initiated|UploadId|VersionId|DeleteMarkerVersionId|NextUploadIdMarker|UploadIdMarker"
        + "|VersionIdMarker|NextVersionIdMarker|CanonicalRequestBytes|StringToSignBytes|ServerTime)>)[^<]+(?=</)")]
    private static partial Regex Elements();

    // Access keys, signatures and digests of what was signed, and when. ETags are shorter, checksums are in base64.
    [GeneratedRegex("(?i:DK[A-Z2-7]{24})|[0-9a-f]{64}|[0-9]{8}T[0-9]{6}Z|[0-9]{8}(?=(?:/|%2F)us-east-1)")]
    private static partial Regex Signed();
}
