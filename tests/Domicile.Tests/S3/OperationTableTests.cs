using Domicile.Server.S3;
using Domicile.Server.S3.Wire;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Domicile.Tests.S3;

public sealed class OperationTableTests
{
    [Theory]
    [InlineData("GET", "/", "ListBuckets")]
    [InlineData("GET", "/photos", "ListObjects")]
    [InlineData("GET", "/photos?list-type=2&prefix=a", "ListObjectsV2")]
    [InlineData("GET", "/photos?versions", "ListObjectVersions")]
    [InlineData("GET", "/photos/?uploads=", "ListMultipartUploads")]
    [InlineData("GET", "/photos?location", "GetBucketLocation")]
    [InlineData("PUT", "/photos", "CreateBucket")]
    [InlineData("PUT", "/photos?versioning", "PutBucketVersioning")]
    [InlineData("POST", "/photos?delete", "DeleteObjects")]
    [InlineData("GET", "/photos/a?x-id=GetObject&whatever=1", "GetObject")]
    [InlineData("GET", "/photos/a?partNumber=2", "GetObject")]
    [InlineData("GET", "/photos/a?uploadId=x", "ListParts")]
    [InlineData("PUT", "/photos/a", "PutObject")]
    [InlineData("PUT", "/photos/a?partNumber=1&uploadId=x", "UploadPart")]
    [InlineData("POST", "/photos/a?uploads", "CreateMultipartUpload")]
    [InlineData("POST", "/photos/a?uploadId=x", "CompleteMultipartUpload")]
    [InlineData("DELETE", "/photos/a?uploadId=x", "AbortMultipartUpload")]
    [InlineData("DELETE", "/photos/a?versionId=x", "DeleteObject")]
    public void A_request_means_an_operation(string method, string rawTarget, string name)
        => Assert.Equal(name, Find(method, rawTarget, []).Failed(out var error, out var operation) ? error.Code : operation.Name);

    [Theory]
    [InlineData("/photos/a", "CopyObject")]
    [InlineData("/photos/a?partNumber=1&uploadId=x", "UploadPartCopy")]
    public void A_put_with_a_source_is_a_copy(string rawTarget, string name)
    {
        var headers = new HeaderDictionary { ["X-Amz-Copy-Source"] = "photos/b" };

        Assert.False(Find("PUT", rawTarget, headers).Failed(out _, out var operation));
        Assert.Equal(name, operation.Name);
    }

    [Theory]
    [InlineData("PUT", "/photos?cors", "NotImplemented")]
    [InlineData("PUT", "/photos?lifecycle", "NotImplemented")]
    [InlineData("DELETE", "/photos?inventory&id=1", "NotImplemented")]
    [InlineData("DELETE", "/photos?versioning", "NotImplemented")]
    [InlineData("GET", "/photos/a?torrent", "NotImplemented")]
    [InlineData("DELETE", "/photos/a?acl", "NotImplemented")]
    [InlineData("POST", "/photos/a?restore", "NotImplemented")]
    [InlineData("POST", "/photos", "NotImplemented")]
    [InlineData("POST", "/", "MethodNotAllowed")]
    [InlineData("PATCH", "/photos/a", "MethodNotAllowed")]
    [InlineData("OPTIONS", "/photos/a", "AccessForbidden")]
    public void A_request_that_means_something_else_is_refused(string method, string rawTarget, string code)
    {
        Assert.True(Find(method, rawTarget, []).Failed(out var error, out _));
        Assert.Equal(code, error!.Code);
    }

    [Fact]
    public void What_only_reads_never_waits_for_a_sealed_account()
        => Assert.DoesNotContain(OperationTable.All, operation => operation is { IsWrite: true, Method: "GET" or "HEAD" });

    private static Outcome<Operation> Find(string method, string rawTarget, HeaderDictionary headers)
        => RequestTarget.Parse(rawTarget, "localhost", []).Failed(out var error, out var target)
            ? error
            : OperationTable.Find(method, target, headers);
}
