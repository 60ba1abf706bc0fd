using Amazon.S3;
using Amazon.S3.Model;

namespace Domicile.Server.Tests.Relay;

internal static class Emptying
{
    /// <summary>Deletes all buckets of an account, and what is in them.</summary>
    public static async Task DeleteAllAsync(this AmazonS3Client s3, CancellationToken cancelled)
    {
        foreach (var bucket in (await s3.ListBucketsAsync(cancelled)).Buckets ?? [])
        {
            await s3.DeleteContentsAsync(bucket.BucketName, cancelled);
            await s3.DeleteBucketAsync(bucket.BucketName, cancelled);
        }
    }

    private static async Task DeleteContentsAsync(this AmazonS3Client s3, string bucket, CancellationToken cancelled)
    {
        while ((await s3.ListVersionsAsync(bucket, cancelled)).Versions is { Count: > 0 } versions)
        {
            await s3.DeleteObjectsAsync(
                new DeleteObjectsRequest
                {
                    BucketName = bucket,
                    Objects = [.. versions.Select(one => new KeyVersion { Key = one.Key, VersionId = one.VersionId })],
                },
                cancelled);
        }

        foreach (var upload in (await s3.ListMultipartUploadsAsync(bucket, cancelled)).MultipartUploads ?? [])
        {
            await s3.AbortMultipartUploadAsync(bucket, upload.Key, upload.UploadId, cancelled);
        }
    }
}
