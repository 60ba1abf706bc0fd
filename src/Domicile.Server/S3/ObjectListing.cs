using Domicile.Objects;
using Domicile.Server.S3.Hashing;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>What both versions of ListObjects have in common.</summary>
internal static class ObjectListing
{
    private static readonly ObjectPage Nothing = new([], [], null);

    public static async ValueTask<ObjectPage> PageAsync(S3Exchange exchange, ListArguments arguments, string? after)
        => arguments.PageSize == 0
            ? Nothing
            : await exchange.Copy.ListObjectsAsync(
                new ObjectQuery(exchange.Bucket, arguments.Prefix, arguments.Delimiter, after, arguments.PageSize),
                exchange.Aborted);

    public static void AddObjects(
        XmlAnswer answer, S3Exchange exchange, ListArguments arguments, IReadOnlyList<ObjectVersion> objects, bool withOwner)
    {
        foreach (var version in objects)
        {
            answer.Open("Contents").Add("Key", arguments.Show(version.Key));
            AddFacts(answer, version);
            if (withOwner)
            {
                answer.AddOwner("Owner", exchange);
            }

            answer.Add("StorageClass", version.Headers.StorageClass ?? "STANDARD").Close();
        }
    }

    /// <summary>LastModified, ETag, the checksum's kind, Size.</summary>
    public static void AddFacts(XmlAnswer answer, ObjectVersion version)
    {
        answer.Add("LastModified", version.ModifiedAt).Add("ETag", EntityTags.Quote(version.ETag));
        foreach (var checksum in version.Checksums)
        {
            answer.Add("ChecksumAlgorithm", ChecksumNames.Name(checksum.Algorithm))
                .Add("ChecksumType", ChecksumNames.Type(checksum));
        }

        answer.Add("Size", version.SizeBytes);
    }
}
