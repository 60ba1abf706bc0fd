using System.Security.Cryptography;
using Domicile.Objects;
using Domicile.Server.S3.Hashing;
using Domicile.Server.S3.Signing;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3.Bodies;

/// <summary>
/// What a body's sender said that it hashes to (Content-MD5, x-amz-checksum-…, in headers or trailers), and what it
/// really hashes to. No hash is computed that nobody asked for.
/// </summary>
internal sealed class Integrity : IDisposable
{
    private const string Md5Header = "Content-MD5";
    private const string TrailerHeader = "x-amz-trailer";

    private readonly IncrementalHash? _md5;
    private readonly string? _md5Claimed;
    private readonly ChecksumAlgorithm? _algorithm;
    private readonly RunningChecksum? _checksum;
    private readonly string? _checksumClaimed;
    private readonly string? _trailer;

    private Integrity(string? md5Claimed, bool needsMd5, Claim claim)
    {
        _md5Claimed = md5Claimed;
        _md5 = needsMd5 || md5Claimed is not null ? IncrementalHash.CreateHash(HashAlgorithmName.MD5) : null;
        _algorithm = claim.Algorithm;
        _checksum = claim.Algorithm is { } algorithm ? RunningChecksum.Start(algorithm) : null;
        _checksumClaimed = claim.Value;
        _trailer = claim.Trailer;
    }

    /// <summary>The client said of the body something that can be checked.</summary>
    public bool IsClaimed => _md5Claimed is not null || _checksumClaimed is not null || _trailer is not null;

    /// <param name="needsMd5">For an ETag.</param>
    /// <param name="also">Computed even if the client doesn't say it; the client may say no other one.</param>
    public static Outcome<Integrity> Start(
        IHeaderDictionary headers, PayloadHash payload, bool needsMd5, ChecksumAlgorithm? also = null)
    {
        var md5 = headers[Md5Header] is [{ } text] ? text : null;
        if (md5 is not null && !IsMd5(md5))
        {
            return S3Error.Of("InvalidDigest").WithDetail("Content-MD5", md5);
        }

        if (ReadClaim(headers, payload).Failed(out var error, out var claim))
        {
            return error;
        }

        if (also is { } expected && claim.Algorithm is { } actual && expected != actual)
        {
            return S3Error.Of("InvalidRequest", "Checksum Type mismatch occurred, expected checksum Type: "
                + $"{ChecksumNames.Name(expected).ToLowerInvariant()}, actual checksum Type: "
                + ChecksumNames.Name(actual).ToLowerInvariant());
        }

        return new Integrity(md5, needsMd5, claim with { Algorithm = claim.Algorithm ?? also });
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _md5?.AppendData(bytes);
        _checksum?.Append(bytes);
    }

    /// <summary>Compares; call it once, after the body's end.</summary>
    public Outcome<ProvenBody> Finish(IReadOnlyDictionary<string, string> trailers)
    {
        var md5 = _md5?.GetHashAndReset();
        if (_md5Claimed is not null && Convert.ToBase64String(md5!) != _md5Claimed)
        {
            return S3Error.Of("BadDigest")
                .WithDetail("ExpectedDigest", _md5Claimed)
                .WithDetail("CalculatedDigest", Convert.ToBase64String(md5!));
        }

        var etag = md5 is null ? "" : Convert.ToHexStringLower(md5);
        if (_algorithm is not { } algorithm || _checksum is null)
        {
            return new ProvenBody(etag, null);
        }

        var computed = _checksum.Finish();
        return CheckClaim(algorithm, trailers, computed) is { } error
            ? error
            : new ProvenBody(etag, new Checksum(algorithm, computed, IsComposite: false));
    }

    public void Dispose()
    {
        _md5?.Dispose();
        _checksum?.Dispose();
    }

    private S3Error? CheckClaim(ChecksumAlgorithm algorithm, IReadOnlyDictionary<string, string> trailers, string computed)
    {
        var claimed = _checksumClaimed;
        if (_trailer is not null && !trailers.TryGetValue(_trailer, out claimed))
        {
            return S3Error.Of("MalformedTrailerError");
        }

        if (claimed is null || claimed == computed)
        {
            return null;
        }

        return ChecksumNames.IsWellFormed(algorithm, claimed)
            ? S3Error.Of("BadDigest",
                $"The {ChecksumNames.Name(algorithm)} you specified did not match the calculated checksum.")
            : S3Error.Of("InvalidRequest", $"Value for {_trailer} trailing header is invalid.");
    }

    private static Outcome<Claim> ReadClaim(IHeaderDictionary headers, PayloadHash payload)
    {
        var sdkAlgorithm = headers["x-amz-sdk-checksum-algorithm"] is [{ } name] ? name : null;
        var inHeaders = ChecksumNames.All.Where(each => headers.ContainsKey(ChecksumNames.Header(each))).ToList();
        var inTrailers = payload.IsChunked ? TrailersOf(headers) : [];
        if (inHeaders.Count + inTrailers.Count > 1)
        {
            return S3Error.Of("InvalidRequest",
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
        }

        if (inHeaders.Count + inTrailers.Count == 0)
        {
            return sdkAlgorithm is null || ChecksumNames.Find(sdkAlgorithm) is null
                ? new Claim(null, null, null)
                : S3Error.Of("InvalidRequest", "x-amz-sdk-checksum-algorithm specified, but no corresponding "
                    + "x-amz-checksum-* or x-amz-trailer headers were found.");
        }

        var algorithm = inHeaders.Concat(inTrailers).First();
        var header = ChecksumNames.Header(algorithm);
        if (sdkAlgorithm is not null && ChecksumNames.Find(sdkAlgorithm) != algorithm)
        {
            return S3Error.Of("InvalidRequest", "Value for x-amz-sdk-checksum-algorithm header is invalid.");
        }

        if (inTrailers.Count > 0)
        {
            return new Claim(algorithm, null, header);
        }

        var value = headers[header].ToString();
        return ChecksumNames.IsWellFormed(algorithm, value)
            ? new Claim(algorithm, value, null)
            : S3Error.Of("InvalidRequest", $"Value for {header} header is invalid.");
    }

    private static List<ChecksumAlgorithm> TrailersOf(IHeaderDictionary headers)
    {
        var names = headers[TrailerHeader].ToString()
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return [.. ChecksumNames.All.Where(
            each => names.Contains(ChecksumNames.Header(each), StringComparer.OrdinalIgnoreCase))];
    }

    private static bool IsMd5(string text)
    {
        Span<byte> bytes = stackalloc byte[18];
        return text.Length == 24 && Convert.TryFromBase64String(text, bytes, out var length) && length == 16;
    }

    private readonly record struct Claim(ChecksumAlgorithm? Algorithm, string? Value, string? Trailer);
}

/// <summary>What is known of a body whose every claim held.</summary>
/// <param name="Md5">32 hex digits; empty where nobody needed it.</param>
internal sealed record ProvenBody(string Md5, Checksum? Checksum);
