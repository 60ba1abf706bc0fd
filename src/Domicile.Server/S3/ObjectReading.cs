using System.Globalization;
using Domicile.Objects;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>What GetObject and HeadObject have in common: which bytes of which version, and the headers of the answer.</summary>
/// <param name="Range">The bytes to send.</param>
internal sealed record ObjectReading(FoundObject Found, ByteRange Range, bool IsPartial)
{
    private const string DefaultContentType = "binary/octet-stream";
    private const string StandardClass = "STANDARD";

    private static readonly (string Query, string Header)[] Overrides =
    [
        ("response-content-type", "Content-Type"),
        ("response-content-language", "Content-Language"),
        ("response-expires", "Expires"),
        ("response-cache-control", "Cache-Control"),
        ("response-content-disposition", "Content-Disposition"),
        ("response-content-encoding", "Content-Encoding"),
    ];

    /// <summary>Finds the object, judges the conditions, chooses the range, and sets status and headers.</summary>
    public static async Task<Outcome<ObjectReading>> PrepareAsync(S3Exchange exchange)
    {
        if ((RequestHeaders.CheckBuilt(exchange.Headers) ?? CheckOverrides(exchange)) is { } refusal)
        {
            return refusal;
        }

        if ((await FoundObject.FindAsync(exchange)).Failed(out var error, out var found))
        {
            return error;
        }

        if (CheckConditions(exchange, found) is { } failed)
        {
            return failed;
        }

        if (ChooseRange(exchange, found.Version).Failed(out error, out var reading))
        {
            return error;
        }

        var chosen = new ObjectReading(found, reading.Range, reading.IsPartial);
        chosen.SetHeaders(exchange);
        return chosen;
    }

    private static S3Error? CheckConditions(S3Exchange exchange, FoundObject found)
    {
        var verdict = ReadConditions.Of(exchange.Headers).Judge(found.Version, out var failed);
        if (verdict == ConditionVerdict.Failed)
        {
            return S3Error.Of("PreconditionFailed").WithDetail("Condition", failed);
        }

        if (verdict == ConditionVerdict.Holds)
        {
            return null;
        }

        var error = S3Error.Of("NotModified")
            .WithHeader("ETag", EntityTags.Quote(found.Version.ETag))
            .WithHeader("Last-Modified", S3Time.ToHttp(found.Version.ModifiedAt));
        foreach (var (name, value) in new[]
        {
            ("Cache-Control", found.Version.Headers.CacheControl), ("Expires", found.Version.Headers.Expires),
            ("x-amz-version-id", found.VersionId),
        })
        {
            error = value is null ? error : error.WithHeader(name, value);
        }

        return error;
    }

    private static Outcome<(ByteRange Range, bool IsPartial)> ChooseRange(S3Exchange exchange, ObjectVersion version)
    {
        var header = exchange.Header("Range");
        var whole = new ByteRange(0, version.SizeBytes);
        if (exchange.Query("partNumber") is { } partNumber)
        {
            return header is null
                ? ChoosePart(partNumber, version)
                : S3Error.Of("InvalidRequest", "Cannot specify both Range header and partNumber query parameter");
        }

        if (ByteRange.Parse(header, version.SizeBytes) is not { } range || !IfRangeHolds(exchange, version))
        {
            return (whole, false);
        }

        return range.LengthBytes > 0
            ? (range, true)
            : S3Error.Of("InvalidRange")
                .WithHeader("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes */{version.SizeBytes}"))
                .WithDetail("RangeRequested", header!)
                .WithDetail("ActualObjectSize", version.SizeBytes.ToString(CultureInfo.InvariantCulture));
    }

    private static Outcome<(ByteRange Range, bool IsPartial)> ChoosePart(string text, ObjectVersion version)
    {
        if (PartNumber.Parse(text).Failed(out var error, out var number))
        {
            return error;
        }

        if (number > Math.Max(1, version.PartSizes.Count))
        {
            return S3Error.Of("InvalidPartNumber")
                .WithDetail("PartNumberRequested", text)
                .WithDetail("ActualPartCount", Math.Max(1, version.PartSizes.Count).ToString(CultureInfo.InvariantCulture));
        }

        var range = version.PartSizes.Count == 0
            ? new ByteRange(0, version.SizeBytes)
            : new ByteRange(version.PartSizes.Take(number - 1).Sum(), version.PartSizes[number - 1]);
        return (range, range.LengthBytes > 0);
    }

    // RFC 9110 13.1.5: a range of something that has changed meanwhile is of no use.
    private static bool IfRangeHolds(S3Exchange exchange, ObjectVersion version)
    {
        if (exchange.Header("If-Range") is not { } condition)
        {
            return true;
        }

        return S3Time.FromHttp(condition) is { } date
            ? S3Time.WholeSeconds(version.ModifiedAt) == date
            : EntityTags.Unquote(condition) == version.ETag;
    }

    private void SetHeaders(S3Exchange exchange)
    {
        var version = Found.Version;
        var answer = exchange.AnswerHeaders;
        exchange.Http.Response.StatusCode = IsPartial ? StatusCodes.Status206PartialContent : StatusCodes.Status200OK;
        exchange.Http.Response.ContentLength = Range.LengthBytes;
        answer.AcceptRanges = "bytes";
        answer.ETag = EntityTags.Quote(version.ETag);
        answer.LastModified = S3Time.ToHttp(version.ModifiedAt);
        if (IsPartial)
        {
            answer.ContentRange = string.Create(
                CultureInfo.InvariantCulture, $"bytes {Range.OffsetBytes}-{Range.Last}/{version.SizeBytes}");
        }

        S3Answer.AddVersion(exchange, Found.VersionId);
        SetStored(answer, version);
        if (exchange.Query("partNumber") is not null && version.PartSizes.Count > 0)
        {
            answer["x-amz-mp-parts-count"] = version.PartSizes.Count.ToString(CultureInfo.InvariantCulture);
        }

        // Of a part of the object the checksum would only mislead.
        if (Range.LengthBytes == version.SizeBytes && exchange.Header("x-amz-checksum-mode") is { } mode
            && mode.Equals("ENABLED", StringComparison.OrdinalIgnoreCase))
        {
            S3Answer.AddChecksums(exchange, version.Checksums);
        }

        foreach (var (query, header) in Overrides)
        {
            if (exchange.Query(query) is { } value)
            {
                answer[header] = value;
            }
        }
    }

    private static void SetStored(IHeaderDictionary answer, ObjectVersion version)
    {
        var stored = version.Headers;
        Set(answer, "Content-Type", stored.ContentType ?? DefaultContentType);
        Set(answer, "Cache-Control", stored.CacheControl);
        Set(answer, "Content-Disposition", stored.ContentDisposition);
        Set(answer, "Content-Encoding", stored.ContentEncoding);
        Set(answer, "Content-Language", stored.ContentLanguage);
        Set(answer, "Expires", stored.Expires);
        Set(answer, "x-amz-website-redirect-location", stored.WebsiteRedirectLocation);
        Set(answer, "x-amz-storage-class", stored.StorageClass == StandardClass ? null : stored.StorageClass);
        Set(answer, "x-amz-tagging-count",
            version.Tags.Count > 0 ? version.Tags.Count.ToString(CultureInfo.InvariantCulture) : null);
        foreach (var (name, value) in stored.Metadata)
        {
            Set(answer, "x-amz-meta-" + name, value);
        }
    }

    private static S3Error? CheckOverrides(S3Exchange exchange)
    {
        foreach (var (query, _) in Overrides)
        {
            if (exchange.Query(query) is { } value && value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                return S3Error.InvalidArgument(query, value, "Header value cannot be represented using ISO-8859-1.");
            }
        }

        return null;
    }

    private static void Set(IHeaderDictionary answer, string name, string? value)
    {
        if (value is not null)
        {
            answer[name] = S3Answer.HeaderText(value);
        }
    }
}
