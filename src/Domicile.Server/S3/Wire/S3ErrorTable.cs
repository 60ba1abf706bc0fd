using System.Collections.Frozen;

namespace Domicile.Server.S3.Wire;

/// <summary>Status and text of each error code that this program answers.</summary>
internal static class S3ErrorTable
{
    public static FrozenDictionary<string, (int Status, string Message)> Build()
        => Requests().Concat(Access()).Concat(Names()).Concat(States()).Concat(Unset()).Concat(Machines())
            .ToFrozenDictionary(row => row.Code, row => (row.Status, row.Message), StringComparer.Ordinal);

    private static IEnumerable<(string Code, int Status, string Message)> Requests() =>
    [
        ("InvalidArgument", 400, "Invalid Argument"),
        ("InvalidRequest", 400, "Invalid Request"),
        ("InvalidURI", 400, "Couldn't parse the specified URI."),
        ("InvalidBucketName", 400, "The specified bucket is not valid."),
        ("KeyTooLongError", 400, "Your key is too long"),
        ("MalformedXML", 400,
            "The XML you provided was not well-formed or did not validate against our published schema"),
        ("MissingRequestBodyError", 400, "Request body is empty."),
        ("InvalidDigest", 400, "The Content-MD5 you specified was invalid."),
        ("BadDigest", 400, "The Content-MD5 you specified did not match what we received."),
        ("XAmzContentSHA256Mismatch", 400,
            "The provided 'x-amz-content-sha256' header does not match what was computed."),
        ("IncompleteBody", 400,
            "You did not provide the number of bytes specified by the Content-Length HTTP header"),
        ("MalformedTrailerError", 400, "The request contained trailing data that was not well-formed."),
        ("MissingContentLength", 411, "You must provide the Content-Length HTTP header."),
        ("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size"),
        ("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size"),
        ("MaxMessageLengthExceeded", 400, "Your request was too big."),
        ("MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size"),
        ("InvalidTag", 400, "The tag provided was not a valid tag."),
        ("BadRequest", 400, "Bad Request"),
        ("InvalidStorageClass", 400, "The storage class you specified is not valid"),
        ("IllegalVersioningConfigurationException", 400,
            "The versioning configuration specified in the request is invalid."),
        ("InvalidPart", 400,
            "One or more of the specified parts could not be found. The part may not have been uploaded, or the "
            + "specified entity tag may not match the part's entity tag."),
        ("InvalidPartOrder", 400,
            "The list of parts was not in ascending order. Parts must be ordered by part number."),
        ("InvalidPartNumber", 416, "The requested partnumber is not satisfiable"),
        ("InvalidRange", 416, "The requested range is not satisfiable"),
        ("RequestTimeout", 400,
            "Your socket connection to the server was not read from or written to within the timeout period."),
        ("AccessControlListNotSupported", 400, "The bucket does not allow ACLs"),
        ("TooManyBuckets", 400, "You have attempted to create more buckets than allowed"),
    ];

    private static IEnumerable<(string Code, int Status, string Message)> Access() =>
    [
        ("AccessDenied", 403, "Access Denied"),
        ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
        ("SignatureDoesNotMatch", 403,
            "The request signature we calculated does not match the signature you provided. "
            + "Check your key and signing method."),
        ("RequestTimeTooSkewed", 403,
            "The difference between the request time and the current time is too large."),
        ("AuthorizationHeaderMalformed", 400, "The authorization header is malformed."),
        ("AuthorizationQueryParametersError", 400, "The authorization query parameters are malformed."),
        ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
        ("AccountProblem", 403,
            "There is a problem with this account's data in its region that prevents the operation from completing. "
            + "Trying again won't help. Contact whoever runs the region."),
        ("AccessForbidden", 403, "CORSResponse: CORS is not enabled for this bucket."),
        ("TemporaryRedirect", 307,
            "You are being redirected to the region that holds this account's data."),
    ];

    private static IEnumerable<(string Code, int Status, string Message)> Names() =>
    [
        ("NoSuchBucket", 404, "The specified bucket does not exist"),
        ("NoSuchKey", 404, "The specified key does not exist."),
        ("NoSuchVersion", 404, "The specified version does not exist."),
        ("NoSuchUpload", 404,
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted "
            + "or completed."),
        ("BucketAlreadyOwnedByYou", 409,
            "Your previous request to create the named bucket succeeded and you already own it."),
        ("BucketAlreadyExists", 409, "The requested bucket name is not available."),
        ("BucketNotEmpty", 409, "The bucket you tried to delete is not empty"),
    ];

    private static IEnumerable<(string Code, int Status, string Message)> States() =>
    [
        ("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold"),
        ("ConditionalRequestConflict", 409,
            "The conditional request cannot succeed due to a conflicting operation against this resource."),
        ("NotModified", 304, "Not Modified"),
        ("MethodNotAllowed", 405, "The specified method is not allowed against this resource."),
        ("NotImplemented", 501, "A header or query you provided implies functionality that is not implemented"),
        ("OperationAborted", 409,
            "A conflicting conditional operation is currently in progress against this resource. Try again."),
        ("SlowDown", 503, "Please reduce your request rate."),
        ("ServiceUnavailable", 503, "Please reduce your request rate."),
    ];

    private static IEnumerable<(string Code, int Status, string Message)> Unset() =>
    [
        ("NoSuchTagSet", 404, "The TagSet does not exist"),
        ("NoSuchBucketPolicy", 404, "The bucket policy does not exist"),
        ("NoSuchCORSConfiguration", 404, "The CORS configuration does not exist"),
        ("NoSuchLifecycleConfiguration", 404, "The lifecycle configuration does not exist"),
        ("NoSuchWebsiteConfiguration", 404, "The specified bucket does not have a website configuration"),
        ("NoSuchPublicAccessBlockConfiguration", 404, "The public access block configuration was not found"),
        ("ServerSideEncryptionConfigurationNotFoundError", 404,
            "The server side encryption configuration was not found"),
        ("ObjectLockConfigurationNotFoundError", 404,
            "Object Lock configuration does not exist for this bucket"),
        ("ReplicationConfigurationNotFoundError", 404, "The replication configuration was not found"),
        ("OwnershipControlsNotFoundError", 404, "The bucket ownership controls were not found"),
        ("NoSuchConfiguration", 404, "The specified configuration does not exist."),
    ];

    private static IEnumerable<(string Code, int Status, string Message)> Machines() =>
    [
        ("InternalError", 500, "We encountered an internal error. Please try again."),
        ("InsufficientStorage", 507, "The region's storage is full; this request changed nothing."),
    ];
}
