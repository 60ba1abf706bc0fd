using System.Text;
using Domicile.Control;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.BadInput;

/// <summary>Requests whose signature is missing, false, old, or of another request.</summary>
public class SignatureTests(SharedDeployment shared) : BadInputTests(shared)
{
    private const string Object = $"/{Bucket}/a";

    [Fact]
    public async Task A_request_signed_by_hand_is_served()
    {
        Assert.Equal(200, (await AskAsync(Request("PUT", Object, "content"))).Status);
        Assert.EndsWith("\r\n\r\ncontent", (await AskAsync(Request("GET", Object))).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/")]
    [InlineData("GET", $"/{Bucket}")]
    [InlineData("GET", Object)]
    [InlineData("PUT", Object)]
    [InlineData("DELETE", Object)]
    [InlineData("POST", $"/{Bucket}?delete")]
    public async Task An_anonymous_request_is_refused(string method, string target)
        => await RefusedAsync(
            Request(method, target) with { ChangeHead = head => WithoutLine(head, "Authorization") }, 403, "AccessDenied");

    [Theory]
    [InlineData("AKIAIOSFODNN7EXAMPLE")]
    [InlineData("DK")]
    [InlineData("DKAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("../../../etc/passwd")]
    [InlineData("DK😀")]
    public async Task An_unknown_access_key_is_refused(string accessKey)
        => await RefusedAsync(
            Request("GET", Object) with { Account = Account with { AccessKey = accessKey } },
            accessKey.Contains('/', StringComparison.Ordinal) ? 400 : 403,
            accessKey.Contains('/', StringComparison.Ordinal) ? "AuthorizationHeaderMalformed" : "InvalidAccessKeyId");

    [Fact]
    public async Task A_key_of_this_account_that_was_never_made_is_refused()
        => await RefusedAsync(
            Request("GET", Object) with { Account = Account with { AccessKey = Account.AccessKey[..^1] + (Account.AccessKey[^1] == 'A' ? 'B' : 'A') } },
            403, "InvalidAccessKeyId");

    [Fact]
    public async Task A_revoked_key_is_refused()
    {
        var key = await Deployment.Control.PostAsync(
            $"accounts/{Account.Account}/keys", new NewKey("spare"), ApiJson.Default.NewKey, ApiJson.Default.NewKeyView);
        var request = Request("GET", $"/{Bucket}?location") with
        {
            Account = Account with { AccessKey = key.AccessKey, SecretKey = key.SecretKey },
        };
        Assert.Equal(200, (await AskAsync(request)).Status);

        using var revoked = await Deployment.Control.Http.DeleteAsync(new Uri($"keys/{key.AccessKey}", UriKind.Relative), Cancelled);
        revoked.EnsureSuccessStatusCode();

        var answer = await AskAsync(request);
        Assert.Equal((403, "InvalidAccessKeyId"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Another_secret_is_refused()
        => await RefusedAsync(
            Request("PUT", Object, "content") with { Account = Account with { SecretKey = Account.SecretKey + "x" } },
            403, "SignatureDoesNotMatch");

    [Fact]
    public async Task Another_service_is_refused()
        => await RefusedAsync(Request("GET", Object) with { Service = "iam" }, 400, "AuthorizationHeaderMalformed");

    // What was signed is not what was sent.
    [Theory]
    [InlineData("PUT /photos/a ", "PUT /photos/b ")]
    [InlineData("PUT /photos/a ", "DELETE /photos/a ")]
    [InlineData("PUT /photos/a ", "PUT /photos/a?tagging ")]
    [InlineData("x-amz-meta-by: Anna", "x-amz-meta-by: Berta")]
    [InlineData("Signature=", "Signature=0")]
    public async Task A_request_changed_on_its_way_is_refused(string was, string becomes)
    {
        var request = Request("PUT", Object, "content") with { Headers = [("x-amz-meta-by", "Anna")] };

        var answer = await AskAsync(request with { ChangeHead = head => head.Replace(was, becomes, StringComparison.Ordinal) });

        Assert.Contains((answer.Status, answer.Code), new List<(int, string)> { (403, "SignatureDoesNotMatch"), (400, "AuthorizationHeaderMalformed") });
        await NothingIsStoredAsync();
    }

    [Fact]
    public async Task An_amz_header_that_is_not_signed_is_refused()
        => await RefusedAsync(
            Request("PUT", Object, "content") with { Unsigned = [("x-amz-meta-by", "Eve")] }, 403, "AccessDenied");

    [Theory]
    [InlineData(-16)]
    [InlineData(16)]
    [InlineData(-1_000_000)]
    public async Task A_clock_that_is_too_far_off_is_refused(int minutes)
        => await RefusedAsync(
            Request("GET", Object) with { At = TimeProvider.System.GetUtcNow().AddMinutes(minutes) }, 403, "RequestTimeTooSkewed");

    [Theory]
    [InlineData("Authorization: AWS4-HMAC-SHA256 ", "Authorization: Basic ", 400, "InvalidRequest")]
    [InlineData("Authorization: AWS4-HMAC-SHA256 ", "Authorization: AWS AKIA:c2ln ", 400, "InvalidRequest")]
    [InlineData("Credential=", "Credentia=", 400, "AuthorizationHeaderMalformed")]
    [InlineData("SignedHeaders=host;", "SignedHeaders=", 403, "AccessDenied")]
    [InlineData("/aws4_request", "/aws5_request", 400, "AuthorizationHeaderMalformed")]
    [InlineData("/us-east-1/", "//", 400, "AuthorizationHeaderMalformed")]
    [InlineData("x-amz-content-sha256: e3b0", "x-amz-content-sha256: zzzz", 400, "InvalidArgument")]
    public async Task A_malformed_signature_is_refused(string was, string becomes, int status, string code)
        => await RefusedAsync(
            Request("GET", Object) with { ChangeHead = head => head.Replace(was, becomes, StringComparison.Ordinal) },
            status, code);

    [Fact]
    public async Task A_body_of_another_hash_is_refused_and_not_stored()
    {
        var request = Request("PUT", Object, "content");

        await RefusedAsync(request with { Body = Encoding.UTF8.GetBytes("contend"), PayloadHash = HashOf("content") }, 400, "XAmzContentSHA256Mismatch");
        await NothingIsStoredAsync();
    }

    [Fact]
    public async Task A_presigned_url_works_until_it_ends()
    {
        await PutAsync("a", "content");
        var now = TimeProvider.System.GetUtcNow();
        var request = Request("GET", Object);
        using var http = Deployment.OpenHttp();

        Assert.Equal("content", await http.GetStringAsync(new Uri(Endpoint, request.Presign(60)), Cancelled));
        await PresignedAsync(http, (request with { At = now.AddSeconds(-61) }).Presign(60), 403, "AccessDenied");
        await PresignedAsync(http, (request with { At = now.AddHours(1) }).Presign(60), 403, "AccessDenied");
        await PresignedAsync(http, request.Presign(7 * 24 * 3600 + 1), 400, "AuthorizationQueryParametersError");
        await PresignedAsync(http, request.Presign(-1), 400, "AuthorizationQueryParametersError");
        await PresignedAsync(http, request.Presign(60).Replace("=60&", "=61&", StringComparison.Ordinal), 403, "SignatureDoesNotMatch");
        await PresignedAsync(http, request.Presign(60).Replace("photos/a", "photos/b", StringComparison.Ordinal), 403, "SignatureDoesNotMatch");
        await PresignedAsync(http, request.Presign(60) + "&X-Amz-Signature=00", 403, "SignatureDoesNotMatch", mayServe: true);
        await PresignedAsync(http, request.Presign(60) + "&tagging", 403, "SignatureDoesNotMatch");
        await PresignedAsync(http, request.Presign(60) + "&response-content-type=text/html", 403, "SignatureDoesNotMatch");
    }

    [Fact]
    public async Task A_presigned_url_to_read_does_not_write()
    {
        using var http = Deployment.OpenHttp();
        using var content = new StringContent("content");

        using var answer = await http.PutAsync(new Uri(Endpoint, Request("GET", Object).Presign(60)), content, Cancelled);

        Assert.Equal(403, StatusOf(answer.StatusCode));
        await NothingIsStoredAsync();
    }

    private static string HashOf(string text)
        => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string WithoutLine(string head, string name)
        => string.Join("\r\n", head.Split("\r\n").Where(line => !line.StartsWith(name + ":", StringComparison.Ordinal)));

    private async Task PresignedAsync(HttpClient http, string target, int status, string code, bool mayServe = false)
    {
        using var answer = await http.GetAsync(new Uri(Endpoint, target), Cancelled);
        if (mayServe && answer.IsSuccessStatusCode)
        {
            // Of a repeated parameter the first may count.
            return;
        }

        Assert.Equal(status, StatusOf(answer.StatusCode));
        Assert.Contains($"<Code>{code}</Code>", await answer.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }
}
