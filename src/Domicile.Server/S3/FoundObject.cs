using Domicile.Objects;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>The version of an object that a request is about: it exists, and is no delete marker.</summary>
internal sealed record FoundObject(Bucket Bucket, ObjectVersion Version)
{
    /// <summary>What x-amz-version-id says; null where the bucket never had versioning.</summary>
    public string? VersionId => ShownVersionId(Bucket, Version);

    /// <summary>
    /// Finds the request's object. A missing bucket, key or version has its own error; a delete marker hides its key
    /// (404), and can't itself be read (405) (Amazon S3 User Guide, "Working with delete markers").
    /// </summary>
    public static async Task<Outcome<FoundObject>> FindAsync(S3Exchange exchange)
    {
        if (VersionIdOf(exchange).Failed(out var error, out var wanted))
        {
            return error;
        }

        return await FindAsync(exchange, exchange.Bucket, exchange.Key, wanted.VersionId);
    }

    public static async Task<Outcome<FoundObject>> FindAsync(
        S3Exchange exchange, string bucketName, string key, string? versionId)
    {
        if ((await exchange.FindBucketAsync(bucketName)).Failed(out var error, out var bucket))
        {
            return error;
        }

        if (await exchange.Copy.FindObjectAsync(bucketName, key, versionId, exchange.Aborted) is not { } version)
        {
            return versionId is null
                ? S3Error.Of("NoSuchKey").WithDetail("Key", key)
                : S3Error.Of("NoSuchVersion").WithDetail("Key", key).WithDetail("VersionId", versionId);
        }

        return version.IsDeleteMarker
            ? Hidden(version, versionId, ShownVersionId(bucket, version))
            : new FoundObject(bucket, version);
    }

    /// <summary>The query's versionId, null for the current version.</summary>
    public static Outcome<WantedVersion> VersionIdOf(S3Exchange exchange)
        => exchange.Query("versionId") is ""
            ? S3Error.InvalidArgument("versionId", "", "Version id cannot be the empty string")
            : new WantedVersion(exchange.Query("versionId"));

    private static string? ShownVersionId(Bucket bucket, ObjectVersion version)
        => bucket.Versioning == Versioning.Off ? null : version.VersionId;

    private static S3Error Hidden(ObjectVersion marker, string? versionId, string? shownVersionId)
    {
        var error = versionId is null
            ? S3Error.Of("NoSuchKey").WithDetail("Key", marker.Key)
            : S3Error.Of("MethodNotAllowed").WithDetail("Method", "GET").WithDetail("ResourceType", "DeleteMarker")
                .WithHeader("Allow", "DELETE").WithHeader("Last-Modified", S3Time.ToHttp(marker.ModifiedAt));
        error = error.WithHeader("x-amz-delete-marker", "true");
        return shownVersionId is null ? error : error.WithHeader("x-amz-version-id", shownVersionId);
    }
}

/// <param name="VersionId">Null: the current one.</param>
internal readonly record struct WantedVersion(string? VersionId);
