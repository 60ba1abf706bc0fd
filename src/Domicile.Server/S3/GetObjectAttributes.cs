using Domicile.Objects;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class GetObjectAttributes
{
    private const string Header = "x-amz-object-attributes";

    private static readonly string[] Known = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        var wanted = (exchange.Header(Header) ?? "")
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (wanted.Length == 0 || wanted.Except(Known).Any())
        {
            return S3Error.InvalidArgument(Header, exchange.Header(Header), "Invalid attribute name specified.");
        }

        if ((await FoundObject.FindAsync(exchange)).Failed(out var error, out var found))
        {
            return error;
        }

        exchange.AnswerHeaders.LastModified = S3Time.ToHttp(found.Version.ModifiedAt);
        S3Answer.AddVersion(exchange, found.VersionId);
        return await S3Answer.XmlAsync(exchange, Describe(found.Version, wanted));
    }

    private static XmlAnswer Describe(ObjectVersion version, string[] wanted)
    {
        var answer = new XmlAnswer("GetObjectAttributesResponse")
            .Add("ETag", wanted.Contains("ETag") ? version.ETag : null);
        if (wanted.Contains("Checksum") && version.Checksums.Count > 0)
        {
            answer.Open("Checksum").AddChecksums(version.Checksums).Close();
        }

        if (wanted.Contains("ObjectParts") && version.PartSizes.Count > 0)
        {
            answer.Open("ObjectParts").Add("TotalPartsCount", version.PartSizes.Count).Close();
        }

        answer.Add("StorageClass", wanted.Contains("StorageClass") ? version.Headers.StorageClass ?? "STANDARD" : null);
        return wanted.Contains("ObjectSize") ? answer.Add("ObjectSize", version.SizeBytes) : answer;
    }
}
