using Domicile.Accounts;
using Domicile.Server.S3.Signing;
using Domicile.Server.S3.Wire;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Domicile.Tests.S3;

/// <summary>
/// Requests and signatures of the Amazon S3 API Reference ("Signature Calculations for the Authorization Header",
/// "Authenticating Requests: Using Query Parameters"), and others that botocore 1.43 signed.
/// </summary>
public sealed class SignatureTests
{
    private const string EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string Path = "/bucket1/a//b/../c%20d%2Be~%C3%A9%281%29%27%21%2A.txt";
    private const string PathSignature = "3e4103af234a3305f1b197ac12eb0516ca8621a59310967bc4795d134c378a78";

    private const string Presigned = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

    [Fact]
    public void A_get_of_a_range_is_accepted()
        => AssertProven(
            "GET", "/test.txt",
            Signed("host;range;x-amz-content-sha256;x-amz-date",
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", ("Range", "bytes=0-9")));

    [Fact]
    public void A_put_with_a_signed_hash_of_its_body_is_accepted()
    {
        var headers = Signed("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"));
        headers["x-amz-content-sha256"] = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";

        AssertProven("PUT", "/test%24file.text", headers);
    }

    [Fact]
    public void A_path_that_its_client_encoded_less_than_it_signed_is_accepted()
    {
        var headers = Signed("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"));
        headers["x-amz-content-sha256"] = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";

        AssertProven("PUT", "/test$file.text", headers);
    }

    [Fact]
    public void A_query_without_a_value_is_accepted()
        => AssertProven(
            "GET", "/?lifecycle",
            Signed("host;x-amz-content-sha256;x-amz-date",
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));

    [Theory]
    [InlineData("/?max-keys=2&prefix=J")]
    [InlineData("/?prefix=J&max-keys=2")]
    public void A_query_is_sorted_whatever_order_it_came_in(string target)
        => AssertProven(
            "GET", target,
            Signed("host;x-amz-content-sha256;x-amz-date",
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));

    [Fact]
    public void Double_slashes_and_dot_segments_of_a_key_stay_in_the_path()
        => AssertProven("GET", Path + "?versionId=a%2Fb%3D&partNumber=2&empty", Odd());

    [Fact]
    public void Another_path_is_refused()
        => AssertRefused("SignatureDoesNotMatch", "GET",
            Path.Replace("//", "/", StringComparison.Ordinal) + "?versionId=a%2Fb%3D&partNumber=2&empty", Odd());

    [Fact]
    public void Another_query_is_refused()
        => AssertRefused("SignatureDoesNotMatch", "GET", Path + "?versionId=a%2Fb%3D&partNumber=3&empty", Odd());

    [Fact]
    public void Another_method_is_refused()
        => AssertRefused("SignatureDoesNotMatch", "DELETE", Path + "?versionId=a%2Fb%3D&partNumber=2&empty", Odd());

    [Fact]
    public void Another_value_of_a_signed_header_is_refused()
    {
        var headers = Odd();
        headers["x-amz-meta-note"] = "two spaced";

        AssertRefused("SignatureDoesNotMatch", "GET", Path + "?versionId=a%2Fb%3D&partNumber=2&empty", headers);
    }

    [Fact]
    public void An_amz_header_that_is_not_signed_is_refused()
    {
        var headers = Odd();
        headers["x-amz-copy-source"] = "/bucket1/secret";

        AssertRefused("AccessDenied", "GET", Path + "?versionId=a%2Fb%3D&partNumber=2&empty", headers);
    }

    [Theory]
    [InlineData(-15, null)]
    [InlineData(15, null)]
    [InlineData(-16, "RequestTimeTooSkewed")]
    [InlineData(16, "RequestTimeTooSkewed")]
    public void A_clock_may_be_a_quarter_of_an_hour_off(int minutes, string? code)
    {
        var headers = Odd();
        var outcome = Check("GET", Path + "?versionId=a%2Fb%3D&partNumber=2&empty", headers, Now.AddMinutes(minutes));

        Assert.Equal(code, outcome.Failed(out var error, out _) ? error.Code : null);
    }

    [Fact]
    public void A_presigned_request_is_accepted() => AssertProven("GET", Presigned, Host());

    [Fact]
    public void A_presigned_request_of_botocore_is_accepted()
    {
        var headers = new HeaderDictionary { ["Host"] = "localhost:9101" };
        AssertProven(
            "GET",
            Path + "?response-content-type=text%2Fplain%3B%20charset%3Dutf-8&X-Amz-Algorithm=AWS4-HMAC-SHA256"
            + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Feu-west-3%2Fs3%2Faws4_request"
            + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
            + "&X-Amz-Signature=b6986e25d3784babd2a15708e5bf9a21be57c34f3f5602a90d038fd17278fa02",
            headers);
    }

    [Theory]
    [InlineData(24 * 60, null)]
    [InlineData(24 * 60 + 1, "AccessDenied")]
    [InlineData(-16, "AccessDenied")]
    public void A_presigned_request_holds_as_long_as_it_says(int minutes, string? code)
    {
        var outcome = Check("GET", Presigned, Host(), Now.AddMinutes(minutes));

        Assert.Equal(code, outcome.Failed(out var error, out _) ? error.Code : null);
    }

    [Theory]
    [InlineData("X-Amz-Expires=86400", "X-Amz-Expires=604801", "AuthorizationQueryParametersError")]
    [InlineData("X-Amz-Expires=86400", "X-Amz-Expires=-1", "AuthorizationQueryParametersError")]
    [InlineData("X-Amz-Expires=86400", "X-Amz-Expires=soon", "AuthorizationQueryParametersError")]
    [InlineData("X-Amz-Expires=86400", "X-Amz-Expires=90000", "SignatureDoesNotMatch")]
    [InlineData("X-Amz-Date=20130524", "X-Amz-Date=20130525", "AuthorizationQueryParametersError")]
    [InlineData("%2Fs3%2F", "%2Fsts%2F", "AuthorizationQueryParametersError")]
    [InlineData("SignedHeaders=host", "SignedHeaders=range", "AccessDenied")]
    [InlineData("/test.txt", "/other.txt", "SignatureDoesNotMatch")]
    public void A_presigned_request_that_was_changed_is_refused(string was, string becomes, string code)
        => AssertRefused(code, "GET", Presigned.Replace(was, becomes, StringComparison.Ordinal), Host());

    [Theory]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=", "InvalidRequest")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a/b/c", "AuthorizationHeaderMalformed")]
    [InlineData("AWS4-HMAC-SHA256 ", "AuthorizationHeaderMalformed")]
    [InlineData("AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=", "AuthorizationHeaderMalformed")]
    [InlineData("Bearer x", "InvalidRequest")]
    public void A_header_that_is_no_signature_is_refused(string authorization, string code)
    {
        var headers = Host();
        headers["Authorization"] = authorization;
        headers["x-amz-date"] = "20130524T000000Z";

        AssertRefused(code, "GET", "/test.txt", headers);
    }

    internal static readonly DateTimeOffset Now = new(2013, 5, 24, 0, 0, 0, TimeSpan.Zero);

    internal static readonly Credential Example
        = new("AKIAIOSFODNN7EXAMPLE", SecretBytes.OfText("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "AWS's example", Now);

    internal static Outcome<ProvenSignature> Check(
        string method, string rawTarget, IHeaderDictionary headers, DateTimeOffset? now = null)
    {
        if (RequestTarget.Parse(rawTarget, headers.Host, ["s3.amazonaws.com"]).Failed(out var error, out var target)
            || SignatureClaim.Parse(headers, target.Query).Failed(out error, out var claim))
        {
            return error;
        }

        return SignatureCheck.Check(claim, method, target, headers, Example, now ?? Now);
    }

    internal static HeaderDictionary Signed(
        string signedHeaders, string signature, params (string Name, string Value)[] more)
    {
        var headers = Host();
        headers["x-amz-date"] = "20130524T000000Z";
        headers["x-amz-content-sha256"] = EmptyHash;
        headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            + $"SignedHeaders={signedHeaders},Signature={signature}";
        foreach (var (name, value) in more)
        {
            headers[name] = value;
        }

        return headers;
    }

    private static HeaderDictionary Host() => new() { ["Host"] = "examplebucket.s3.amazonaws.com" };

    private static HeaderDictionary Odd()
    {
        var headers = Signed("host;x-amz-content-sha256;x-amz-date;x-amz-meta-note", PathSignature,
            ("x-amz-meta-note", "  two   spaces  "), ("Host", "localhost:9101"));
        headers["Authorization"] = headers["Authorization"].ToString().Replace("us-east-1", "eu-west-3", StringComparison.Ordinal);
        return headers;
    }

    private static void AssertProven(string method, string rawTarget, IHeaderDictionary headers)
        => Assert.False(
            Check(method, rawTarget, headers).Failed(out var error, out _),
            $"{error}: {string.Join('\n', error?.Details ?? [])}");

    private static void AssertRefused(string code, string method, string rawTarget, IHeaderDictionary headers)
    {
        Assert.True(Check(method, rawTarget, headers).Failed(out var error, out _));
        Assert.Equal(code, error!.Code);
    }
}
