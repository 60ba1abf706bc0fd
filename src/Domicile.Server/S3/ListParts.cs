using System.Globalization;
using Domicile.Objects;
using Domicile.Server.S3.Hashing;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class ListParts
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if (ListArguments.PageSizeOf(exchange.Target.Query, "max-parts", S3Limits.PageSizeMax)
                .Failed(out var error, out var pageSize)
            || Marker(exchange).Failed(out error, out var marker)
            || (await FoundUpload.FindAsync(exchange)).Failed(out error, out var upload))
        {
            return error;
        }

        var page = pageSize == 0
            ? new PartPage([], null)
            : await exchange.Copy.ListPartsAsync(upload.UploadId, marker, pageSize, exchange.Aborted);
        var answer = new XmlAnswer("ListPartsResult")
            .Add("Bucket", exchange.Bucket)
            .Add("Key", exchange.Key)
            .Add("UploadId", upload.UploadId)
            .AddOwner("Initiator", exchange)
            .AddOwner("Owner", exchange)
            .Add("StorageClass", upload.Headers.StorageClass ?? "STANDARD")
            .Add("PartNumberMarker", marker)
            .Add("NextPartNumberMarker", page.NextPartNumberMarker?.ToString(CultureInfo.InvariantCulture))
            .Add("MaxParts", pageSize)
            .Add("IsTruncated", page.NextPartNumberMarker is not null);
        if (upload.ChecksumAlgorithm is { } algorithm)
        {
            answer.Add("ChecksumAlgorithm", ChecksumNames.Name(algorithm))
                .Add("ChecksumType", upload.ChecksumIsComposite ? "COMPOSITE" : "FULL_OBJECT");
        }

        foreach (var part in page.Parts)
        {
            answer.Open("Part")
                .Add("PartNumber", part.Number)
                .Add("LastModified", part.ModifiedAt)
                .Add("ETag", EntityTags.Quote(part.ETag))
                .Add("Size", part.SizeBytes);
            if (part.Checksum is { } checksum)
            {
                answer.Add(ChecksumNames.Element(checksum.Algorithm), checksum.Value);
            }

            answer.Close();
        }

        return await S3Answer.XmlAsync(exchange, answer);
    }

    private static Outcome<int> Marker(S3Exchange exchange)
        => exchange.Query("part-number-marker") is not { Length: > 0 } text ? 0
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var marker) ? marker
            : S3Error.InvalidArgument("part-number-marker", text,
                "Provided part-number-marker not an integer or within integer range");
}
