using System.Globalization;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3.Signing;

/// <summary>
/// What a request says of its own signature, from its Authorization header or from its query; nothing of it is proven.
/// Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".
/// </summary>
/// <param name="Scope">Date, region, service and "aws4_request", with slashes between.</param>
/// <param name="SignedHeaders">Lower case, in the order in which they were signed.</param>
/// <param name="Signature">64 hex digits.</param>
/// <param name="SignedAt">As the client wrote it, ISO 8601 basic.</param>
/// <param name="ValidFor">Of a presigned request; null for one signed in its header.</param>
internal sealed record SignatureClaim(
    string AccessKeyId, string Scope, IReadOnlyList<string> SignedHeaders, string Signature, string SignedAt,
    DateTimeOffset SignedTime, TimeSpan? ValidFor)
{
    public const string Algorithm = "AWS4-HMAC-SHA256";

    private const int ExpirySecondsMax = 7 * 24 * 3600;
    private const int SignedHeadersMax = 100;
    private const string QueryError = "AuthorizationQueryParametersError";
    private const string HeaderError = "AuthorizationHeaderMalformed";

    public string ScopeDate => Scope[..8];

    public string ScopeRegion => Scope.Split('/')[1];

    public bool IsPresigned => ValidFor is not null;

    /// <summary>Whether the request carries a signature at all; without, it is anonymous.</summary>
    public static bool IsPresent(IHeaderDictionary headers, RequestQuery query)
        => headers.Authorization.Count > 0 || query.Has("X-Amz-Algorithm") || query.Has("X-Amz-Signature")
            || query.Has("Signature");

    public static Outcome<SignatureClaim> Parse(IHeaderDictionary headers, RequestQuery query)
    {
        if (headers.Authorization.Count == 0)
        {
            return FromQuery(query);
        }

        if (query.Has("X-Amz-Algorithm"))
        {
            return S3Error.Of("InvalidArgument", "Only one auth mechanism allowed; only the X-Amz-Algorithm query "
                + "parameter, Signature query string parameter or the Authorization header should be specified");
        }

        return FromHeader(headers.Authorization.ToString(), headers);
    }

    private static Outcome<SignatureClaim> FromHeader(string header, IHeaderDictionary headers)
    {
        if (!header.StartsWith(Algorithm + " ", StringComparison.Ordinal))
        {
            return S3Error.Of("InvalidRequest",
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.");
        }

        string? credential = null, signedHeaders = null, signature = null;
        foreach (var field in header[Algorithm.Length..].Split(',', StringSplitOptions.TrimEntries))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            var value = field[(equals + 1)..];
            switch (equals < 0 ? "" : field[..equals])
            {
                case "Credential":
                    credential = value;
                    break;
                case "SignedHeaders":
                    signedHeaders = value;
                    break;
                case "Signature":
                    signature = value;
                    break;
                default:
                    return S3Error.Of(HeaderError);
            }
        }

        return TimeOf(headers) is { } signedAt
            ? Build(credential, signedHeaders, signature, signedAt, null, HeaderError)
            : S3Error.Of("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
    }

    private static string? TimeOf(IHeaderDictionary headers)
    {
        var amzDate = headers["x-amz-date"].ToString();
        return amzDate.Length > 0 ? amzDate
            : S3Time.FromHttp(headers.Date.ToString()) is { } date
                ? date.UtcDateTime.ToString(S3Time.AmzForm, CultureInfo.InvariantCulture)
                : null;
    }

    private static Outcome<SignatureClaim> FromQuery(RequestQuery query)
    {
        if (query["X-Amz-Algorithm"] != Algorithm)
        {
            return query.Has("X-Amz-Algorithm")
                ? S3Error.Of(QueryError, "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"")
                : S3Error.Of("InvalidRequest",
                    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.");
        }

        if (!int.TryParse(query["X-Amz-Expires"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            return S3Error.Of(QueryError, "X-Amz-Expires should be a number");
        }

        return seconds is > 0 and <= ExpirySecondsMax
            ? Build(query["X-Amz-Credential"], query["X-Amz-SignedHeaders"], query["X-Amz-Signature"],
                query["X-Amz-Date"], TimeSpan.FromSeconds(seconds), QueryError)
            : S3Error.Of(QueryError, "X-Amz-Expires must be greater than 0 and at most 604800 seconds (seven days)");
    }

    private static Outcome<SignatureClaim> Build(
        string? credential, string? signedHeaders, string? signature, string? signedAt, TimeSpan? validFor, string code)
    {
        if (credential is null || signedHeaders is null || signature is null)
        {
            return S3Error.Of(code, "A field is missing: Credential, SignedHeaders and Signature are all required.");
        }

        if (S3Time.FromAmz(signedAt) is not { } signedTime)
        {
            return S3Error.Of(code, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
        }

        var slash = credential.IndexOf('/', StringComparison.Ordinal);
        var scope = slash < 0 ? [] : credential[(slash + 1)..].Split('/');
        if (scope is not [{ Length: 8 } date, { Length: > 0 }, "s3", "aws4_request"])
        {
            return S3Error.Of(code, "Credential must have the form <access-key-id>/<date>/<region>/s3/aws4_request.");
        }

        if (!signedAt!.StartsWith(date, StringComparison.Ordinal))
        {
            return S3Error.Of(code, "Invalid credential date. It must be the date of X-Amz-Date.");
        }

        var names = signedHeaders.Split(';');
        return names.Length <= SignedHeadersMax && signature.Length == 64 && signature.All(char.IsAsciiHexDigit)
            ? new SignatureClaim(
                credential[..slash], credential[(slash + 1)..], names, signature, signedAt, signedTime, validFor)
            : S3Error.Of(code, "Signature must be 64 hex digits, and at most 100 headers can be signed.");
    }
}
