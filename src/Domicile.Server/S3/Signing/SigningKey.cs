using System.Security.Cryptography;
using System.Text;

namespace Domicile.Server.S3.Signing;

/// <summary>The key that a secret gives for one day, region and service, and what is signed with it.</summary>
internal sealed class SigningKey
{
    private readonly byte[] _key;
    private readonly string _signedAt;
    private readonly string _scope;

    /// <param name="scope">Date, region, service and "aws4_request", with slashes between.</param>
    public SigningKey(string secret, string signedAt, string scope)
    {
        (_signedAt, _scope) = (signedAt, scope);
        _key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var step in scope.Split('/'))
        {
            _key = HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(step));
        }
    }

    public string StringToSign(string canonicalRequest)
        => $"{SignatureClaim.Algorithm}\n{_signedAt}\n{_scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonicalRequest)))}";

    /// <summary>The signature in 64 hex digits, lower case.</summary>
    public string Sign(string stringToSign) => Hex(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(stringToSign)));

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

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}
