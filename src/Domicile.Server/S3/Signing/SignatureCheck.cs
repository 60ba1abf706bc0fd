using System.Globalization;
using Domicile.Accounts;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3.Signing;

/// <summary>A signature that holds: what the body's reader needs to check the body against it.</summary>
/// <param name="Signature">The request's own, from which the chunks' signatures go on.</param>
internal sealed record ProvenSignature(SigningKey Key, string Signature, PayloadHash Payload);

/// <summary>Checks a request's signature (AWS Signature Version 4) with the credential that it names.</summary>
internal static class SignatureCheck
{
    public static readonly TimeSpan ClockSkewMax = TimeSpan.FromMinutes(15);

    private const string SignatureParameter = "X-Amz-Signature";
    private const string PayloadHeader = "x-amz-content-sha256";

    public static Outcome<ProvenSignature> Check(
        SignatureClaim claim, string method, RequestTarget target, IHeaderDictionary headers, Credential credential,
        DateTimeOffset now)
    {
        if ((CheckTime(claim, now) ?? CheckCoverage(claim, headers)) is { } refusal)
        {
            return refusal;
        }

        if (ReadPayload(claim, target.Query, headers).Failed(out var error, out var payload))
        {
            return error;
        }

        var key = new SigningKey(credential.Secret, claim.SignedAt, claim.Scope);
        var query = target.Query.Canonical(claim.IsPresigned ? SignatureParameter : null);
        var canonical = "";
        // Some clients sign their path as they send it, where it is encoded otherwise than SigV4 says. And a presigned
        // URL says nothing of the body, even if its user then sends the body's hash.
        foreach (var path in Paths(target.RawPath))
        {
            foreach (var hash in claim.IsPresigned ? [payload.Text, PayloadHash.Unsigned.Text] : (string[])[payload.Text])
            {
                canonical = CanonicalRequest.Build(method, path, query, headers, claim.SignedHeaders, hash);
                if (SigningKey.AreEqual(key.Sign(key.StringToSign(canonical)), claim.Signature))
                {
                    return new ProvenSignature(key, claim.Signature, payload);
                }
            }
        }

        var mismatch = Mismatch(claim, key.StringToSign(canonical), canonical);
        key.Dispose();
        return mismatch;
    }

    private static IEnumerable<string> Paths(string rawPath)
    {
        var encoded = CanonicalRequest.EncodePath(rawPath);
        if (encoded != rawPath)
        {
            yield return rawPath;
        }

        // Last, so that an error shows the form that SigV4 demands.
        yield return encoded ?? rawPath;
    }

    private static S3Error? CheckTime(SignatureClaim claim, DateTimeOffset now)
    {
        if (claim.ValidFor is { } validFor)
        {
            return claim.SignedTime - now > ClockSkewMax ? S3Error.Of("AccessDenied", "Request is not yet valid")
                : now > claim.SignedTime + validFor
                    ? S3Error.Of("AccessDenied", "Request has expired")
                        .WithDetail("X-Amz-Expires", validFor.TotalSeconds.ToString(CultureInfo.InvariantCulture))
                        .WithDetail("Expires", S3Time.ToXml(claim.SignedTime + validFor))
                        .WithDetail("ServerTime", S3Time.ToXml(now))
                    : null;
        }

        return (claim.SignedTime - now).Duration() > ClockSkewMax
            ? S3Error.Of("RequestTimeTooSkewed")
                .WithDetail("RequestTime", claim.SignedAt)
                .WithDetail("ServerTime", S3Time.ToXml(now))
                .WithDetail("MaxAllowedSkewMilliseconds",
                    ClockSkewMax.TotalMilliseconds.ToString(CultureInfo.InvariantCulture))
            : null;
    }

    // An unsigned x-amz- header would let whoever holds a presigned URL change what it does.
    private static S3Error? CheckCoverage(SignatureClaim claim, IHeaderDictionary headers)
    {
        if (!claim.SignedHeaders.Contains("host"))
        {
            return S3Error.Of("AccessDenied", "The Host header must be signed.");
        }

        var unsigned = headers.Keys.Where(name => name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase))
            .Select(name => name.ToLowerInvariant())
            .Where(name => name is not (PayloadHeader or "x-amz-date" or "x-amz-user-agent"))
            .Where(name => !claim.SignedHeaders.Contains(name))
            .ToList();
        return unsigned.Count == 0
            ? null
            : S3Error.Of("AccessDenied", "There were headers present in the request which were not signed")
                .WithDetail("HeadersNotSigned", string.Join(", ", unsigned));
    }

    private static Outcome<PayloadHash> ReadPayload(SignatureClaim claim, RequestQuery query, IHeaderDictionary headers)
    {
        var header = headers[PayloadHeader].ToString();
        if (!claim.IsPresigned)
        {
            return header.Length > 0
                ? PayloadHash.Parse(header)
                : S3Error.Of("InvalidRequest", "Missing required header for this request: x-amz-content-sha256");
        }

        var text = query["X-Amz-Content-Sha256"] ?? header;
        return text.Length > 0 ? PayloadHash.Parse(text) : PayloadHash.Unsigned;
    }

    private static S3Error Mismatch(SignatureClaim claim, string stringToSign, string canonicalRequest)
        => S3Error.Of("SignatureDoesNotMatch")
            .WithDetail("AWSAccessKeyId", claim.AccessKeyId)
            .WithDetail("StringToSign", stringToSign)
            .WithDetail("SignatureProvided", claim.Signature)
            .WithDetail("CanonicalRequest", canonicalRequest);
}
