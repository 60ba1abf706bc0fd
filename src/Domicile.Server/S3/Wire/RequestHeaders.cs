using System.Text;
using Domicile.Objects;

namespace Domicile.Server.S3.Wire;

/// <summary>Reads from a write's headers what is kept with the object.</summary>
internal static class RequestHeaders
{
    private const string MetadataPrefix = "x-amz-meta-";

    private static readonly string[] StorageClasses =
    [
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "GLACIER_IR",
        "DEEP_ARCHIVE", "OUTPOSTS", "SNOW", "EXPRESS_ONEZONE",
    ];

    // Ignoring one of these would store something else than its sender believes.
    private static readonly string[] NotBuilt =
    [
        "x-amz-server-side-encryption-customer-algorithm", "x-amz-server-side-encryption-customer-key",
        "x-amz-copy-source-server-side-encryption-customer-algorithm", "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-write-offset-bytes", "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date",
        "x-amz-object-lock-legal-hold", "x-amz-if-match-last-modified-time", "x-amz-if-match-size",
    ];

    public static Outcome<ObjectHeaders> Read(IHeaderDictionary headers)
    {
        if (CheckBuilt(headers) is { } refusal)
        {
            return refusal;
        }

        var storageClass = Value(headers, "x-amz-storage-class");
        if (storageClass is not null && !StorageClasses.Contains(storageClass))
        {
            return S3Error.Of("InvalidStorageClass").WithDetail("StorageClassRequested", storageClass);
        }

        if (ReadMetadata(headers).Failed(out var error, out var metadata))
        {
            return error;
        }

        return new ObjectHeaders
        {
            ContentType = Value(headers, "Content-Type"),
            CacheControl = Value(headers, "Cache-Control"),
            ContentDisposition = Value(headers, "Content-Disposition"),
            ContentEncoding = WithoutChunking(Value(headers, "Content-Encoding")),
            ContentLanguage = Value(headers, "Content-Language"),
            Expires = Value(headers, "Expires"),
            WebsiteRedirectLocation = Value(headers, "x-amz-website-redirect-location"),
            StorageClass = storageClass,
            Metadata = metadata,
        };
    }

    /// <summary>Null, or the refusal of a header whose meaning this program can't keep.</summary>
    public static S3Error? CheckBuilt(IHeaderDictionary headers)
    {
        if (NotBuilt.FirstOrDefault(headers.ContainsKey) is { } name)
        {
            return S3Error.Of("NotImplemented").WithDetail("Header", name);
        }

        return Value(headers, "x-amz-server-side-encryption") is not (null or "AES256")
            ? S3Error.Of("NotImplemented").WithDetail("Header", "x-amz-server-side-encryption")
            : CheckAcl(headers);
    }

    /// <summary>Null where the request's ACL, if any, gives nobody but the owner anything.</summary>
    public static S3Error? CheckAcl(IHeaderDictionary headers)
        => Value(headers, "x-amz-acl") is null or "private" or "bucket-owner-read" or "bucket-owner-full-control"
            && !headers.Keys.Any(name => name.StartsWith("x-amz-grant-", StringComparison.OrdinalIgnoreCase))
            ? null
            : S3Error.Of("AccessControlListNotSupported");

    /// <summary>Conditions on the object that the write replaces or deletes.</summary>
    public static WriteConditions Conditions(IHeaderDictionary headers)
        => new(EntityTags.Parse(headers.IfMatch), EntityTags.Parse(headers.IfNoneMatch));

    public static string? Value(IHeaderDictionary headers, string name)
    {
        var values = headers[name];
        return values.Count == 0 ? null : values.ToString();
    }

    private static Outcome<Dictionary<string, string>> ReadMetadata(IHeaderDictionary headers)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var size = 0;
        foreach (var (header, values) in headers)
        {
            if (header.StartsWith(MetadataPrefix, StringComparison.OrdinalIgnoreCase))
            {
                var name = header[MetadataPrefix.Length..].ToLowerInvariant();
                var value = string.Join(',', values.ToArray());
                size += Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value);
                metadata[name] = value;
            }
        }

        return size <= S3Limits.MetadataBytesMax
            ? metadata
            : S3Error.Of("MetadataTooLarge")
                .WithDetail("Size", size.ToString(System.Globalization.CultureInfo.InvariantCulture))
                .WithDetail("MaxSizeAllowed",
                    S3Limits.MetadataBytesMax.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    // aws-chunked is how the body travels, not what it is.
    private static string? WithoutChunking(string? encoding)
    {
        if (encoding?.Contains("aws-chunked", StringComparison.OrdinalIgnoreCase) != true)
        {
            return encoding;
        }

        var kept = encoding.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(each => !each.Equals("aws-chunked", StringComparison.OrdinalIgnoreCase))
            .ToList();
        return kept.Count == 0 ? null : string.Join(',', kept);
    }
}
