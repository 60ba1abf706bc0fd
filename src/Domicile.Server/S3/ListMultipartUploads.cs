using Domicile.Objects;
using Domicile.Server.S3.Hashing;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class ListMultipartUploads
{
    private static readonly UploadPage Nothing = new([], [], null, null);

    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if (ListArguments.Parse(exchange.Target.Query, "max-uploads").Failed(out var error, out var arguments)
            || (await exchange.FindBucketAsync(exchange.Bucket)).Failed(out error, out _))
        {
            return error;
        }

        var keyMarker = exchange.Query("key-marker") is { Length: > 0 } key ? key : null;
        // Without a key marker, S3 ignores it.
        var uploadIdMarker = keyMarker is not null && exchange.Query("upload-id-marker") is { Length: > 0 } id ? id : null;
        var page = arguments.PageSize == 0
            ? Nothing
            : await exchange.Copy.ListUploadsAsync(
                new UploadQuery(exchange.Bucket, arguments.Prefix, arguments.Delimiter, keyMarker, uploadIdMarker,
                    arguments.PageSize),
                exchange.Aborted);
        var answer = new XmlAnswer("ListMultipartUploadsResult")
            .Add("Bucket", exchange.Bucket)
            .Add("KeyMarker", arguments.Show(keyMarker ?? ""))
            .Add("UploadIdMarker", uploadIdMarker ?? "")
            .Add("NextKeyMarker", page.NextKeyMarker is { } next ? arguments.Show(next) : null)
            .Add("NextUploadIdMarker", page.NextUploadIdMarker)
            .Add("IsTruncated", page.NextKeyMarker is not null);
        arguments.AddTo(answer, "MaxUploads");
        foreach (var upload in page.Uploads)
        {
            AddUpload(answer, exchange, arguments, upload);
        }

        arguments.AddPrefixes(answer, page.CommonPrefixes);
        return await S3Answer.XmlAsync(exchange, answer);
    }

    private static void AddUpload(XmlAnswer answer, S3Exchange exchange, ListArguments arguments, Upload upload)
    {
        answer.Open("Upload")
            .Add("Key", arguments.Show(upload.Key))
            .Add("UploadId", upload.UploadId)
            .AddOwner("Initiator", exchange)
            .AddOwner("Owner", exchange)
            .Add("StorageClass", upload.Headers.StorageClass ?? "STANDARD")
            .Add("Initiated", upload.InitiatedAt);
        if (upload.ChecksumAlgorithm is { } algorithm)
        {
            answer.Add("ChecksumAlgorithm", ChecksumNames.Name(algorithm))
                .Add("ChecksumType", upload.ChecksumIsComposite ? "COMPOSITE" : "FULL_OBJECT");
        }

        answer.Close();
    }
}
