using System.Globalization;
using System.Text;
using Domicile.Control;
using Domicile.Server.Tests.BadInput;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.S3;
using Xunit;

namespace Domicile.Server.Tests.Attacks;

/// <summary>
/// A stranger who knows everything of an account but its secrets: its id, its access key ids, the names of its buckets and
/// objects, and one of its signed requests, seen on the wire. The stranger has an account too. Goal: whatever is tried, at
/// the home or through a relay, no byte of the other's data is answered and nothing of it changes.
/// </summary>
public class StrangerTests(SharedDeployment shared) : S3Tests(shared)
{
    private const string Key = "diary";
    private const string Content = "dear-diary-7f3a91";

    private NewAccountView _stranger = null!;

    public static TheoryData<string> Names => [.. Attempts.Keys];

    private delegate byte[] Attempt(StrangerTests test, Uri at);

    private static readonly Dictionary<string, Attempt> Attempts = new()
    {
        ["a signature of zeros"] = (test, at) => test.Forged(at, "GET", Path, new string('0', 64)),
        ["a signature by the stranger's own secret"] = (test, at)
            => new RawRequest(test.Account with { SecretKey = test._stranger.SecretKey }, at, "GET", Path).ToBytes(),
        ["the stranger's own key, for the other's bucket"] = (test, at)
            => new RawRequest(test._stranger, at, "GET", Path).ToBytes(),
        ["an empty secret"] = (test, at) => new RawRequest(test.Account with { SecretKey = "" }, at, "GET", Path).ToBytes(),
        ["no signature at all"] = (test, at) => Text(at, "GET", Path),
        ["two Authorization lines, the stranger's first"] = (test, at) => test.WithSecondAuthorization(at, ownFirst: true),
        ["two Authorization lines, the stranger's last"] = (test, at) => test.WithSecondAuthorization(at, ownFirst: false),
        ["the other's key in the query, the stranger's in the header"] = (test, at) => Changed(
            new RawRequest(test._stranger, at, "GET", Path),
            head => head.Replace(" HTTP/1.1", $"?AWSAccessKeyId={test.Account.AccessKey}&Signature=x HTTP/1.1", StringComparison.Ordinal)),
        ["a credential twice in one header"] = (test, at) => Changed(
            new RawRequest(test._stranger, at, "GET", Path),
            head => head.Replace(
                "Credential=", $"Credential={test.Account.AccessKey}/20300101/us-east-1/s3/aws4_request, Credential=",
                StringComparison.Ordinal)),
        ["a credential twice in the query"] = (test, at) => test.PresignedByStranger(at, presigned
            => presigned + $"&X-Amz-Credential={test.Account.AccessKey}%2F20300101%2Fus-east-1%2Fs3%2Faws4_request"),
        ["the other's credential before the stranger's in the query"] = (test, at) => test.PresignedByStranger(at, presigned
            => presigned.Replace(
                "?", $"?X-Amz-Credential={test.Account.AccessKey}%2F20300101%2Fus-east-1%2Fs3%2Faws4_request&",
                StringComparison.Ordinal)),
        ["the other's account id as a lower-case key"] = (test, at) => new RawRequest(
            test._stranger with { AccessKey = test.Account.AccessKey.ToLowerInvariant() }, at, "GET", Path).ToBytes(),
        ["the other's account id with the stranger's key suffix"] = (test, at) => new RawRequest(
            test._stranger with { AccessKey = test.Account.AccessKey[..18] + test._stranger.AccessKey[18..] }, at, "GET",
            Path).ToBytes(),
        ["Signature Version 2"] = (test, at)
            => Text(at, "GET", Path, $"Authorization: AWS {test.Account.AccessKey}:AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ["a seen request, for another key"] = (test, at) => test.Seen(at, head => head.Replace(
            $"GET /{Bucket}/seen", $"GET /{Bucket}/{Key}", StringComparison.Ordinal)),
        ["a seen request, as a deletion"] = (test, at) => test.Seen(at, head => head.Replace("GET ", "DELETE ", StringComparison.Ordinal)),
        ["a seen request, with a query"] = (test, at) => test.Seen(at, head => head.Replace(
            "/seen HTTP", "/seen?versions HTTP", StringComparison.Ordinal)),
        ["a seen request, as one for the bucket"] = (test, at) => test.Seen(at, head => head.Replace(
            $"/{Bucket}/seen", $"/{Bucket}", StringComparison.Ordinal)),
        ["a seen request, with an encoded path"] = (test, at) => test.Seen(at, head => head.Replace(
            $"/{Bucket}/seen", $"/{Bucket}/x/..%2F{Key}", StringComparison.Ordinal)),
        ["a seen request, with a copy source"] = (test, at) => test.Seen(at, head => head
            .Replace("GET ", "PUT ", StringComparison.Ordinal)
            .Replace("Connection:", $"x-amz-copy-source: /{Bucket}/{Key}\r\nConnection:", StringComparison.Ordinal)),
        ["a seen request, another method by override"] = (test, at) => test.Seen(at, head => head.Replace(
            "Connection:", "X-HTTP-Method-Override: DELETE\r\nX-Original-URL: /photos/diary\r\nConnection:", StringComparison.Ordinal)
            .Replace("/seen HTTP", "/diary HTTP", StringComparison.Ordinal)),
        ["a seen request, its date a day old"] = (test, at) => test.Seen(at, head => head, Now.AddDays(-1)),
        ["a seen request, its date a day ahead"] = (test, at) => test.Seen(at, head => head, Now.AddDays(1)),
        ["a copy from the other's bucket"] = (test, at) => new RawRequest(test._stranger, at, "PUT", "/mine/loot")
        {
            Headers = [("x-amz-copy-source", $"/{Bucket}/{Key}")],
        }.ToBytes(),
        ["a copy from a path above"] = (test, at) => new RawRequest(test._stranger, at, "PUT", "/mine/loot")
        {
            Headers = [("x-amz-copy-source", $"/mine/..%2f..%2f{test.Account.Account}%2f{Bucket}%2f{Key}")],
        }.ToBytes(),
        ["a key that is a path above"] = (test, at)
            => new RawRequest(test._stranger, at, "GET", "/mine/..%2F..%2F..%2Fregion.db").ToBytes(),
        ["the owner named in a header"] = (test, at) => new RawRequest(test._stranger, at, "GET", Path)
        {
            Headers = [("x-amz-expected-bucket-owner", test.Account.Account)],
        }.ToBytes(),
        ["a relay's own headers"] = (test, at) => Text(
            at, "GET", Path, "x-domicile-hops: 1", "domicile-hops: 1", $"domicile-request: {test.EncodedHead(at)}"),
        ["the hops of a relay on a signed request"] = (test, at) => Changed(
            new RawRequest(test._stranger, at, "GET", Path),
            head => head.Replace("Connection:", "x-domicile-hops: 1\r\nConnection:", StringComparison.Ordinal)),
        ["a relayed request at the clients' door"] = (test, at) => Text(
            at, "POST", "/peer/v1/relay", $"domicile-request: {test.EncodedHead(at)}"),
        ["a pull at the clients' door"] = (test, at) => Text(at, "POST", "/peer/v1/changes", "Content-Type: application/json"),
        ["the directory at the clients' door"] = (_, at) => Text(at, "GET", "/peer/v1/directory?since=0&policy=0"),
        ["control's API at the clients' door"] = (_, at) => Text(at, "GET", "/api/v1/accounts"),
        ["metrics at the clients' door"] = (_, at) => Text(at, "GET", "/metrics"),
        ["a forwarded host"] = (test, at) => Text(
            at, "GET", Path, $"X-Forwarded-Host: {Bucket}.s3.singapore.test", "Forwarded: host=localhost;proto=https"),
        ["another method: TRACE"] = (test, at) => Text(at, "TRACE", Path),
        ["another method: CONNECT"] = (_, at) => Text(at, "CONNECT", at.Authority),
        ["another method: OPTIONS *"] = (_, at) => Text(at, "OPTIONS", "*"),
        ["an absolute target at another host"] = (test, at)
            => test.Forged(at, "GET", $"http://127.0.0.1:1{Path}", new string('0', 64)),
        ["a request within a request's body"] = (test, at) => test.Smuggled(at, "Content-Length: 4\r\nTransfer-Encoding: chunked"),
        ["a request behind an odd coding"] = (test, at) => test.Smuggled(at, "Content-Length: 4\r\nTransfer-Encoding: xchunked"),
        ["a request behind two lengths"] = (test, at) => test.Smuggled(at, "Content-Length: 4\r\nContent-Length: 400"),
        ["a signature that covers no host"] = (test, at) => Changed(
            new RawRequest(test._stranger, at, "GET", Path),
            head => head.Replace("SignedHeaders=host;", "SignedHeaders=", StringComparison.Ordinal)
                .Replace(test._stranger.AccessKey, test.Account.AccessKey, StringComparison.Ordinal)),
        ["a session token"] = (test, at) => new RawRequest(
            test.Account with { SecretKey = test._stranger.SecretKey }, at, "GET", Path)
        {
            Headers = [("x-amz-security-token", "FwoGZXIvYXdzEBYaD")],
        }.ToBytes(),
    };

    private static string Path => $"/{Bucket}/{Key}";

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _stranger = await AddAccountAsync();
        using var own = Deployment.OpenS3(_stranger);
        await own.PutBucketAsync("mine", Cancelled);
        await PutAsync(Key, Content);
        await PutAsync("seen", "what the stranger saw anyway");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_stranger_reads_and_changes_nothing(string attempt)
    {
        var answer = await RawConnection.AskAsync(Endpoint, Attempts[attempt](this, Endpoint));

        Assert.True(answer.Status is (>= 400 and < 500) or 501, answer.Text);
        Assert.DoesNotContain(Content, answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain($"<Key>{Key}</Key>", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain($"<Name>{Bucket}</Name>", answer.Text, StringComparison.Ordinal);
        Assert.Equal(Content, await GetTextAsync(Key));
        Assert.Equal(
            ["diary", "seen"],
            (await S3.ListObjectsV2Async(new() { BucketName = Bucket }, Cancelled)).S3Objects.Select(each => each.Key));
        Assert.Equal(1, answer.Text.Split("HTTP/1.1 ").Length - 1);
    }

    private static byte[] Text(Uri at, string method, string target, params string[] headers)
        => Encoding.UTF8.GetBytes(
            $"{method} {target} HTTP/1.1\r\nHost: {at.Authority}\r\n"
            + string.Concat(headers.Select(header => header + "\r\n")) + "Content-Length: 0\r\nConnection: close\r\n\r\n");

    private static byte[] Changed(RawRequest request, Func<string, string> change)
        => (request with { ChangeHead = change }).ToBytes();

    private byte[] Forged(Uri at, string method, string target, string signature)
    {
        var stamp = Now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        return Text(
            at, method, target,
            $"Authorization: AWS4-HMAC-SHA256 Credential={Account.AccessKey}/{stamp[..8]}/us-east-1/s3/aws4_request, "
                + $"SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}",
            $"x-amz-date: {stamp}", "x-amz-content-sha256: UNSIGNED-PAYLOAD");
    }

    // What was seen is a GET of an object that the stranger saw anyway.
    private byte[] Seen(Uri at, Func<string, string> change, DateTimeOffset? when = null)
    {
        var seen = new RawRequest(Account, at, "GET", $"/{Bucket}/seen") { ChangeHead = change };
        return (when is { } time ? seen with
        {
            At = time,
            ChangeHead = head => change(head).Replace(
            $"GET /{Bucket}/seen", $"GET /{Bucket}/{Key}", StringComparison.Ordinal)
        } : seen).ToBytes();
    }

    private byte[] WithSecondAuthorization(Uri at, bool ownFirst)
        => Changed(
            new RawRequest(_stranger, at, "GET", Path),
            head =>
            {
                var line = "Authorization: AWS4-HMAC-SHA256 Credential=" + Account.AccessKey
                    + $"/20300101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature={new string('0', 64)}\r\n";
                return ownFirst
                    ? head.Replace("Connection:", line + "Connection:", StringComparison.Ordinal)
                    : head.Replace("Authorization:", line + "Authorization:", StringComparison.Ordinal);
            });

    private byte[] PresignedByStranger(Uri at, Func<string, string> change)
        => Text(at, "GET", change(new RawRequest(_stranger, at, "GET", Path).Presign(60)));

    // The stranger's own request, and in what one reader takes for its body the other's object, asked for with the other's key.
    private byte[] Smuggled(Uri at, string framing)
    {
        var inner = Encoding.UTF8.GetString(Forged(at, "GET", Path, new string('0', 64)));
        var body = $"0\r\n\r\n{inner}";
        return Changed(
            new RawRequest(_stranger, at, "PUT", "/mine/x") { PayloadHash = "UNSIGNED-PAYLOAD" },
            head => head.Replace("Content-Length: 0", framing, StringComparison.Ordinal) + body);
    }

    private string EncodedHead(Uri at)
        => Convert.ToBase64String(new Domicile.Server.S3.Wire.ClientRequest(
            "GET", Path, [new("Host", at.Authority), new("Authorization", "AWS4-HMAC-SHA256 Credential=" + Account.AccessKey)], null)
            .Encode());
}
