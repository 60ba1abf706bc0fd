using System.Security.Cryptography;
using System.Text;
using Domicile.Accounts;

namespace Domicile.Server.S3.Signing;

/// <summary>
/// The key that a secret gives for one day, region and service, and what is signed with it. Whoever made it disposes it: it
/// signs in its account's name for a day.
/// </summary>
internal sealed class SigningKey : IDisposable
{
    private const int ScopePartBytesMax = 256;

    private readonly SecretBytes _key = SecretBytes.OfLength(HMACSHA256.HashSizeInBytes);
    private readonly string _signedAt;
    private readonly string _scope;

    /// <param name="scope">Date, region, service and "aws4_request", with slashes between.</param>
    public SigningKey(SecretBytes secret, string signedAt, string scope)
    {
        (_signedAt, _scope) = (signedAt, scope);
        Span<byte> first = stackalloc byte[Prefix.Length + SecretBytes.LengthBytesMax];
        Prefix.CopyTo(first);
        secret.Span.CopyTo(first[Prefix.Length..]);
        ReadOnlySpan<byte> key = first[..(Prefix.Length + secret.LengthBytes)];
        foreach (var step in scope.AsSpan().Split('/'))
        {
            Mac(key, scope.AsSpan(step), _key.Writable);
            key = _key.Span;
        }

        CryptographicOperations.ZeroMemory(first);
    }

    private static ReadOnlySpan<byte> Prefix => "AWS4"u8;

    public string StringToSign(string canonicalRequest)
        => $"{SignatureClaim.Algorithm}\n{_signedAt}\n{_scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonicalRequest)))}";

    /// <summary>The signature in 64 hex digits, lower case.</summary>
    public string Sign(string stringToSign) => Hex(HMACSHA256.HashData(_key.Span, Encoding.UTF8.GetBytes(stringToSign)));

    /// <summary>Signs a chunk of an aws-chunked body.</summary>
    /// <param name="previous">The signature of the chunk before, or of the request.</param>
    /// <param name="chunkHash">SHA-256 of the chunk's data.</param>
    public string SignChunk(string previous, ReadOnlySpan<byte> chunkHash)
        => Sign($"AWS4-HMAC-SHA256-PAYLOAD\n{_signedAt}\n{_scope}\n{previous}\n{PayloadHash.OfNothing}\n{Hex(chunkHash)}");

    /// <summary>Signs the trailers of an aws-chunked body.</summary>
    /// <param name="trailers">Each as name, colon, value, newline; names in lower case.</param>
    public string SignTrailers(string previous, string trailers)
        => Sign($"AWS4-HMAC-SHA256-TRAILER\n{_signedAt}\n{_scope}\n{previous}\n"
            + Hex(SHA256.HashData(Encoding.UTF8.GetBytes(trailers))));

    /// <summary>In constant time, so that a forger learns nothing from how long a wrong one takes.</summary>
    public static bool AreEqual(string expected, string given)
        => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(given));

    public void Dispose() => _key.Dispose();

    private static void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<char> text, Span<byte> mac)
    {
        // A scope is a part of a header or a query, so a part of it may be longer than any that is meant.
        var lengthBytes = Encoding.UTF8.GetMaxByteCount(text.Length);
        Span<byte> bytes = lengthBytes <= ScopePartBytesMax ? stackalloc byte[ScopePartBytesMax] : new byte[lengthBytes];
        HMACSHA256.HashData(key, bytes[..Encoding.UTF8.GetBytes(text, bytes)], mac);
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}
