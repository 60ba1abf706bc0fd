using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Domicile.Control;

namespace Domicile.Server.Tests.BadInput;

/// <summary>
/// A request as bytes, signed by AWS Signature Version 4 as its documentation has it, written for these tests alone: so
/// that a test can send what no client would. Every part can be changed before or after the signature.
/// </summary>
internal sealed record RawRequest(NewAccountView Account, Uri Endpoint, string Method, string Target)
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    public byte[] Body { get; init; } = [];

    /// <summary>x-amz-content-sha256; null: that of the body.</summary>
    public string? PayloadHash { get; init; }

    public DateTimeOffset At { get; init; } = TimeProvider.System.GetUtcNow();

    public string Service { get; init; } = "s3";

    /// <summary>Signed with the rest.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Added after the signature.</summary>
    public IReadOnlyList<(string Name, string Value)> Unsigned { get; init; } = [];

    /// <summary>The last step before the request is sent; null: as it is.</summary>
    public Func<string, string>? ChangeHead { get; init; }

    /// <summary>Null: the body's.</summary>
    public string? ContentLength { get; init; }

    private string Stamp => At.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    private string Scope => $"{Stamp[..8]}/us-east-1/{Service}/aws4_request";

    public byte[] ToBytes() => [.. Encoding.UTF8.GetBytes(Head()), .. Body];

    /// <summary>Request line and headers with the empty line that ends them.</summary>
    public string Head()
    {
        var hash = PayloadHash ?? Hex(SHA256.HashData(Body));
        List<(string Name, string Value)> signed =
            [("host", Endpoint.Authority), ("x-amz-content-sha256", hash), ("x-amz-date", Stamp), .. Headers];
        var names = string.Join(';', signed.Select(header => header.Name.ToLowerInvariant()).Order(StringComparer.Ordinal));
        var signature = Sign(CanonicalOf(signed, names, hash));
        var authorization = $"{Algorithm} Credential={Account.AccessKey}/{Scope}, SignedHeaders={names}, Signature={signature}";
        List<(string Name, string Value)> all =
        [
            .. signed, ("Authorization", authorization), .. Unsigned,
            ("Content-Length", ContentLength ?? Body.Length.ToString(CultureInfo.InvariantCulture)), ("Connection", "close"),
        ];
        var head = $"{Method} {Target} HTTP/1.1\r\n{string.Concat(all.Select(header => $"{header.Name}: {header.Value}\r\n"))}\r\n";
        return ChangeHead is null ? head : ChangeHead(head);
    }

    /// <summary>The path with a signature in its query instead of a header.</summary>
    public string Presign(int validSeconds)
    {
        var query = string.Join(
            '&',
            $"X-Amz-Algorithm={Algorithm}", $"X-Amz-Credential={Uri.EscapeDataString($"{Account.AccessKey}/{Scope}")}",
            $"X-Amz-Date={Stamp}", string.Create(CultureInfo.InvariantCulture, $"X-Amz-Expires={validSeconds}"),
            "X-Amz-SignedHeaders=host");
        var canonical = $"{Method}\n{Target}\n{query}\nhost:{Endpoint.Authority}\n\nhost\nUNSIGNED-PAYLOAD";
        return $"{Target}?{query}&X-Amz-Signature={Sign(canonical)}";
    }

    public string Sign(string canonicalRequest)
        => SignText($"{Algorithm}\n{Stamp}\n{Scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonicalRequest)))}");

    public string SignChunk(string previous, ReadOnlySpan<byte> content)
        => SignText($"{Algorithm}-PAYLOAD\n{Stamp}\n{Scope}\n{previous}\n{Hex(SHA256.HashData([]))}\n{Hex(SHA256.HashData(content))}");

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    private string CanonicalOf(List<(string Name, string Value)> signed, string names, string hash)
    {
        var question = Target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? Target : Target[..question];
        var query = question < 0 ? [] : Target[(question + 1)..].Split('&');
        var lines = signed.OrderBy(header => header.Name.ToLowerInvariant(), StringComparer.Ordinal)
            .Select(header => $"{header.Name.ToLowerInvariant()}:{header.Value.Trim()}\n");
        var canonicalQuery = string.Join('&', query.Select(each => each.Contains('=', StringComparison.Ordinal) ? each : each + "=")
            .Order(StringComparer.Ordinal));
        return $"{Method}\n{path}\n{canonicalQuery}\n{string.Concat(lines)}\n{names}\n{hash}";
    }

    private string SignText(string text)
    {
        var key = Encoding.UTF8.GetBytes("AWS4" + Account.SecretKey);
        foreach (var part in Scope.Split('/'))
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        return Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
    }
}
