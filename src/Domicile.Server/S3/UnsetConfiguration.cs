using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>
/// Configurations of a bucket that can't be set here. Reading one gives what S3 gives for a bucket where it isn't set, since
/// clients look before they act; deleting one succeeds, as it does in S3. Setting one is refused (NotImplemented).
/// </summary>
internal static class UnsetConfiguration
{
    public static readonly Operation[] Operations =
    [
        Missing("policy", "NoSuchBucketPolicy"),
        Missing("policyStatus", "NoSuchBucketPolicy"),
        Missing("cors", "NoSuchCORSConfiguration"),
        Missing("lifecycle", "NoSuchLifecycleConfiguration"),
        Missing("encryption", "ServerSideEncryptionConfigurationNotFoundError"),
        Missing("website", "NoSuchWebsiteConfiguration"),
        Missing("object-lock", "ObjectLockConfigurationNotFoundError"),
        Missing("publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
        Missing("replication", "ReplicationConfigurationNotFoundError"),
        Missing("ownershipControls", "OwnershipControlsNotFoundError"),
        Empty("accelerate", "AccelerateConfiguration"),
        Empty("logging", "BucketLoggingStatus"),
        Empty("notification", "NotificationConfiguration"),
        new("GetBucketRequestPayment", "GET", TargetKind.Bucket, "requestPayment", false, exchange => RunAsync(
            exchange,
            () => S3Answer.XmlAsync(exchange, new XmlAnswer("RequestPaymentConfiguration").Add("Payer", "BucketOwner")))),
        Delete("policy"),
        Delete("cors"),
        Delete("lifecycle"),
        Delete("encryption"),
        Delete("website"),
        Delete("publicAccessBlock"),
        Delete("replication"),
        Delete("ownershipControls"),
        NoLock("legal-hold"),
        NoLock("retention"),
    ];

    private static Operation Missing(string query, string code)
        => new("Get " + query, "GET", TargetKind.Bucket, query, false, exchange => RunAsync(
            exchange,
            () => Task.FromResult<S3Error?>(S3Error.Of(code).WithDetail("BucketName", exchange.Bucket))));

    private static Operation Empty(string query, string root)
        => new("Get " + query, "GET", TargetKind.Bucket, query, false, exchange => RunAsync(
            exchange, () => S3Answer.XmlAsync(exchange, new XmlAnswer(root))));

    private static Operation Delete(string query)
        => new("Delete " + query, "DELETE", TargetKind.Bucket, query, false, exchange => RunAsync(
            exchange, () => Task.FromResult(S3Answer.Empty(exchange, StatusCodes.Status204NoContent))));

    private static Operation NoLock(string query)
        => new("Get " + query, "GET", TargetKind.Object, query, false, exchange => RunAsync(
            exchange,
            () => Task.FromResult<S3Error?>(
                S3Error.Of("InvalidRequest", "Bucket is missing Object Lock Configuration"))));

    private static async Task<S3Error?> RunAsync(S3Exchange exchange, Func<Task<S3Error?>> answer)
        => (await exchange.FindBucketAsync(exchange.Bucket)).Failed(out var error, out _) ? error : await answer();
}
