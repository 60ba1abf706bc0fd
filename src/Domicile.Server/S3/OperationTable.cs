using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>Which operation a request means: by method, target and query. The first row that fits is it.</summary>
internal static class OperationTable
{
    private const TargetKind OnService = TargetKind.Service;
    private const TargetKind OnBucket = TargetKind.Bucket;
    private const TargetKind OnObject = TargetKind.Object;

    // Parts of S3 that are known and not built. They are refused, since ignoring them would do something else.
    private static readonly string[] NotBuilt =
    [
        "accelerate", "acl", "analytics", "cors", "encryption", "intelligent-tiering", "inventory", "legal-hold",
        "lifecycle", "logging", "metadataConfiguration", "metadataTable", "metrics", "notification", "object-lock",
        "ownershipControls", "policy", "policyStatus", "publicAccessBlock", "renameObject", "replication",
        "requestPayment", "restore", "retention", "select", "session", "tagging", "torrent", "website", "versioning",
        "uploads", "versions", "location", "delete", "attributes", "abac",
    ];

    public static readonly Operation[] All =
    [
        new("ListBuckets", "GET", OnService, null, false, ListBuckets.RunAsync),

        .. UnsetConfiguration.Operations,
        new("GetBucketAcl", "GET", OnBucket, "acl", false, GetAcl.RunAsync),
        new("PutBucketAcl", "PUT", OnBucket, "acl", false, PutAcl.RunAsync),
        new("GetBucketLocation", "GET", OnBucket, "location", false, GetBucketLocation.RunAsync),
        new("GetBucketTagging", "GET", OnBucket, "tagging", false, GetBucketTagging.RunAsync),
        new("PutBucketTagging", "PUT", OnBucket, "tagging", true, PutBucketTagging.RunAsync),
        new("DeleteBucketTagging", "DELETE", OnBucket, "tagging", true, DeleteBucketTagging.RunAsync),
        new("GetBucketVersioning", "GET", OnBucket, "versioning", false, GetBucketVersioning.RunAsync),
        new("PutBucketVersioning", "PUT", OnBucket, "versioning", true, PutBucketVersioning.RunAsync),
        new("ListObjectVersions", "GET", OnBucket, "versions", false, ListObjectVersions.RunAsync),
        new("ListMultipartUploads", "GET", OnBucket, "uploads", false, ListMultipartUploads.RunAsync),
        new("DeleteObjects", "POST", OnBucket, "delete", true, DeleteObjects.RunAsync),
        new("ListObjectsV2", "GET", OnBucket, "list-type", false, ListObjectsV2.RunAsync),
        new("ListObjects", "GET", OnBucket, null, false, ListObjects.RunAsync),
        new("CreateBucket", "PUT", OnBucket, null, true, CreateBucket.RunAsync),
        new("HeadBucket", "HEAD", OnBucket, null, false, HeadBucket.RunAsync),
        new("DeleteBucket", "DELETE", OnBucket, null, true, DeleteBucket.RunAsync),

        new("GetObjectAcl", "GET", OnObject, "acl", false, GetAcl.RunAsync),
        new("PutObjectAcl", "PUT", OnObject, "acl", false, PutAcl.RunAsync),
        new("GetObjectTagging", "GET", OnObject, "tagging", false, GetObjectTagging.RunAsync),
        new("PutObjectTagging", "PUT", OnObject, "tagging", true, PutObjectTagging.RunAsync),
        new("DeleteObjectTagging", "DELETE", OnObject, "tagging", true, DeleteObjectTagging.RunAsync),
        new("GetObjectAttributes", "GET", OnObject, "attributes", false, GetObjectAttributes.RunAsync),
        new("CreateMultipartUpload", "POST", OnObject, "uploads", true, CreateMultipartUpload.RunAsync),
        new("UploadPartCopy", "PUT", OnObject, "uploadId", true, UploadPartCopy.RunAsync)
        {
            AndQuery = "partNumber",
            AndHeader = CopySource.Header,
        },
        new("UploadPart", "PUT", OnObject, "uploadId", true, UploadPart.RunAsync) { AndQuery = "partNumber" },
        new("CompleteMultipartUpload", "POST", OnObject, "uploadId", true, CompleteMultipartUpload.RunAsync),
        new("AbortMultipartUpload", "DELETE", OnObject, "uploadId", true, AbortMultipartUpload.RunAsync),
        new("ListParts", "GET", OnObject, "uploadId", false, ListParts.RunAsync),
        new("CopyObject", "PUT", OnObject, null, true, CopyObject.RunAsync) { AndHeader = CopySource.Header },
        new("PutObject", "PUT", OnObject, null, true, PutObject.RunAsync),
        new("GetObject", "GET", OnObject, null, false, GetObject.RunAsync),
        new("HeadObject", "HEAD", OnObject, null, false, HeadObject.RunAsync),
        new("DeleteObject", "DELETE", OnObject, null, true, DeleteObject.RunAsync),
    ];

    public static Outcome<Operation> Find(string method, RequestTarget target, IHeaderDictionary headers)
    {
        foreach (var operation in All)
        {
            if (Fits(operation, method, target, headers))
            {
                return operation.Query is null && NotBuilt.FirstOrDefault(target.Query.Has) is { } name
                    ? Refusal(name, method, target)
                    : operation;
            }
        }

        return NotBuilt.FirstOrDefault(target.Query.Has) is { } notBuilt
            ? Refusal(notBuilt, method, target)
            : method == "OPTIONS" ? S3Error.Of("AccessForbidden")
            : method == "POST" && target.Kind == OnBucket ? S3Error.Of("NotImplemented", "Uploads by form are not implemented.")
            : S3Error.Of("MethodNotAllowed").WithDetail("Method", method).WithDetail("ResourceType", target.Kind.ToString());
    }

    private static bool Fits(Operation operation, string method, RequestTarget target, IHeaderDictionary headers)
        => operation.Method == method && operation.Target == target.Kind
            && (operation.Query is null || target.Query.Has(operation.Query))
            && (operation.AndQuery is null || target.Query.Has(operation.AndQuery))
            && (operation.AndHeader is null || headers.ContainsKey(operation.AndHeader));

    private static S3Error Refusal(string query, string method, RequestTarget target)
        => S3Error.Of("NotImplemented", $"{method} of {query} is not implemented for a {target.Kind}.".Replace(
            "for a Object", "for an Object", StringComparison.Ordinal));
}
