using Domicile.Objects;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class ListObjectVersions
{
    private static readonly VersionPage Nothing = new([], [], null, null);

    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        var keyMarker = exchange.Query("key-marker") is { Length: > 0 } key ? key : null;
        var versionIdMarker = exchange.Query("version-id-marker");
        if (versionIdMarker is not null && (keyMarker is null || versionIdMarker.Length == 0))
        {
            return versionIdMarker.Length == 0 && keyMarker is not null
                ? S3Error.InvalidArgument("version-id-marker", "", "A version-id marker cannot be empty.")
                : S3Error.InvalidArgument("version-id-marker", versionIdMarker,
                    "A version-id marker cannot be specified without a key marker.");
        }

        if (ListArguments.Parse(exchange.Target.Query, "max-keys").Failed(out var error, out var arguments)
            || (await exchange.FindBucketAsync(exchange.Bucket)).Failed(out error, out _))
        {
            return error;
        }

        var page = arguments.PageSize == 0
            ? Nothing
            : await exchange.Copy.ListVersionsAsync(
                new VersionQuery(exchange.Bucket, arguments.Prefix, arguments.Delimiter, keyMarker, versionIdMarker,
                    arguments.PageSize),
                exchange.Aborted);
        var answer = new XmlAnswer("ListVersionsResult")
            .Add("Name", exchange.Bucket)
            .Add("KeyMarker", arguments.Show(keyMarker ?? ""))
            .Add("VersionIdMarker", versionIdMarker ?? "")
            .Add("IsTruncated", page.NextKeyMarker is not null)
            .Add("NextKeyMarker", page.NextKeyMarker is { } next ? arguments.Show(next) : null)
            .Add("NextVersionIdMarker", page.NextVersionIdMarker);
        arguments.AddTo(answer, "MaxKeys");
        foreach (var version in page.Versions)
        {
            AddVersion(answer, exchange, arguments, version);
        }

        arguments.AddPrefixes(answer, page.CommonPrefixes);
        return await S3Answer.XmlAsync(exchange, answer);
    }

    private static void AddVersion(XmlAnswer answer, S3Exchange exchange, ListArguments arguments, ObjectVersion version)
    {
        answer.Open(version.IsDeleteMarker ? "DeleteMarker" : "Version")
            .Add("Key", arguments.Show(version.Key))
            .Add("VersionId", version.VersionId)
            .Add("IsLatest", version.IsLatest);
        if (version.IsDeleteMarker)
        {
            answer.Add("LastModified", version.ModifiedAt).AddOwner("Owner", exchange);
        }
        else
        {
            ObjectListing.AddFacts(answer, version);
            answer.Add("StorageClass", version.Headers.StorageClass ?? "STANDARD").AddOwner("Owner", exchange);
        }

        answer.Close();
    }
}
