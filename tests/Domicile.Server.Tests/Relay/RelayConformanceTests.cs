using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Domicile.Control;
using Domicile.Server.Tests.BadInput;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.S3;
using Xunit;

namespace Domicile.Server.Tests.Relay;

/// <summary>
/// Who asks a relay gets what the home would have said. Goal: status, header lines in their order, body and the
/// connection's fate are the same, byte for byte. Method: the same steps for three accounts of the same shape, one asked at the
/// home, one through a relay, one through two; behind each request a second one on the same connection. <see cref="Masks"/> are
/// the exceptions.
/// </summary>
public sealed partial class RelayConformanceTests(SharedDeployment shared) : IAsyncLifetime
{
    private const string Bucket = S3Tests.Bucket;
    private const string Object = $"/{Bucket}/a";
    private const string Streaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";

    private static readonly (string Name, Func<Side, RawRequest> Request)[] Steps =
    [
        ("buckets", side => side.Ask("GET", "/")),
        ("a bucket again", side => side.Ask("PUT", $"/{Bucket}")),
        ("another bucket", side => side.Ask("PUT", "/second")),
        ("a bucket's head", side => side.Ask("HEAD", $"/{Bucket}")),
        ("no bucket's head", side => side.Ask("HEAD", "/nowhere")),
        ("its location", side => side.Ask("GET", $"/{Bucket}?location")),
        ("delete a bucket", side => side.Ask("DELETE", "/second")),
        ("delete no bucket", side => side.Ask("DELETE", "/second")),
        ("put", side => side.Ask("PUT", Object, "content")),
        ("put nothing", side => side.Ask("PUT", $"/{Bucket}/empty")),
        ("put with metadata", side => side.Ask(
            "PUT", $"/{Bucket}/meta", "m", ("content-type", "text/x"), ("x-amz-meta-b", "2"), ("x-amz-meta-a", "1"),
            ("cache-control", "no-cache"), ("content-disposition", "inline"), ("content-language", "de"))),
        ("its head", side => side.Ask("HEAD", $"/{Bucket}/meta")),
        ("put with an encoding on two lines", side => side.Ask("PUT", $"/{Bucket}/gz", "z", ("content-encoding", "gzip,br")) with
        {
            ChangeHead = head => Kept(head).Replace(
                "content-encoding: gzip,br", "content-encoding: gzip\r\ncontent-encoding: br", StringComparison.Ordinal),
        }),
        ("get it", side => side.Ask("GET", $"/{Bucket}/gz")),
        ("get", side => side.Ask("GET", Object)),
        ("head", side => side.Ask("HEAD", Object)),
        ("get nothing", side => side.Ask("GET", $"/{Bucket}/empty")),
        ("get none", side => side.Ask("GET", $"/{Bucket}/none")),
        ("head none", side => side.Ask("HEAD", $"/{Bucket}/none")),
        ("a range", side => side.Ask("GET", Object, "", ("range", "bytes=1-3"))),
        ("the last bytes", side => side.Ask("GET", Object, "", ("range", "bytes=-2"))),
        ("a range beyond", side => side.Ask("GET", Object, "", ("range", "bytes=100-"))),
        ("a range on two lines", side => side.Ask("GET", Object) with { Unsigned = [("Range", "bytes=0-1"), ("Range", "bytes=2-3")] }),
        ("if none match", side => side.Ask("GET", Object, "", ("if-none-match", "*"))),
        ("if match", side => side.Ask("GET", Object, "", ("if-match", "\"no\""))),
        ("if modified", side => side.Ask("GET", Object, "", ("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT"))),
        ("head, if unmodified", side => side.Ask("HEAD", Object, "", ("if-unmodified-since", "Sat, 01 Jan 2000 00:00:00 GMT"))),
        ("put if none", side => side.Ask("PUT", Object, "x", ("if-none-match", "*"))),
        ("attributes", side => side.Ask("GET", $"{Object}?attributes", "", ("x-amz-object-attributes", "ETag,ObjectSize"))),
        ("odd keys", side => side.Ask("PUT", $"/{Bucket}/%2Fa%20b%2B%C3%A9%25//..", "odd")),
        ("get an odd key", side => side.Ask("GET", $"/{Bucket}/%2Fa%20b%2B%C3%A9%25//..")),
        ("get no odd key", side => side.Ask("GET", $"/{Bucket}/a/../%2Fnone//./b%01")),
        ("a key of no UTF-8", side => side.Ask("GET", $"/{Bucket}/%FF")),
        ("half a code", side => side.Ask("GET", $"/{Bucket}/%4")),
        ("a list", side => side.Ask("GET", $"/{Bucket}?list-type=2")),
        ("a page", side => side.Ask("GET", $"/{Bucket}?list-type=2&max-keys=1")),
        ("a list with codes", side => side.Ask("GET", $"/{Bucket}?delimiter=%2F&encoding-type=url&prefix=%2F")),
        ("a list that means nothing", side => side.Ask("GET", $"/{Bucket}?max-keys=x")),
        ("copy", side => side.Ask("PUT", $"/{Bucket}/copy", "", ("x-amz-copy-source", Object))),
        ("copy none", side => side.Ask("PUT", $"/{Bucket}/copy", "", ("x-amz-copy-source", $"/{Bucket}/none"))),
        ("tag", side => side.Ask(
            "PUT", $"{Object}?tagging", "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>")),
        ("tags", side => side.Ask("GET", $"{Object}?tagging")),
        ("untag", side => side.Ask("DELETE", $"{Object}?tagging")),
        ("a bucket's tags", side => side.Ask("GET", $"/{Bucket}?tagging")),
        ("an acl", side => side.Ask("GET", $"{Object}?acl")),
        ("what is not set", side => side.Ask("GET", $"/{Bucket}?cors")),
        ("what is not there", side => side.Ask("GET", $"/{Bucket}?website")),
        ("begin an upload", side => side.Ask("POST", $"/{Bucket}/up?uploads")),
        ("a part", side => side.Ask("PUT", $"/{Bucket}/up?partNumber=1&uploadId={side.Upload}", "part")),
        ("a part by copy", side => side.Ask(
            "PUT", $"/{Bucket}/up?partNumber=2&uploadId={side.Upload}", "", ("x-amz-copy-source", Object))),
        ("parts", side => side.Ask("GET", $"/{Bucket}/up?uploadId={side.Upload}")),
        ("uploads", side => side.Ask("GET", $"/{Bucket}?uploads")),
        ("complete it wrongly", side => side.Ask("POST", $"/{Bucket}/up?uploadId={side.Upload}", Complete(new string('0', 32)))),
        ("complete it", side => side.Ask("POST", $"/{Bucket}/up?uploadId={side.Upload}", Complete(Md5("part")))),
        ("get it by its part", side => side.Ask("GET", $"/{Bucket}/up?partNumber=1")),
        ("begin another", side => side.Ask("POST", $"/{Bucket}/up?uploads")),
        ("abort it", side => side.Ask("DELETE", $"/{Bucket}/up?uploadId={side.Upload}")),
        ("abort it again", side => side.Ask("DELETE", $"/{Bucket}/up?uploadId={side.Upload}")),
        ("signed chunks", side => Chunked(side, "content", "content")),
        ("chunks that were changed", side => Chunked(side, "content", "tnetnoc")),
        ("a trailer", side => Trailer(side, Convert.ToBase64String(SHA256.HashData("content"u8)))),
        ("a false trailer", side => Trailer(side, Convert.ToBase64String(SHA256.HashData("tnetnoc"u8)))),
        ("presigned", side => Bare(side, "GET", new RawRequest(side.Account, side.At, "GET", Object).Presign(60))),
        ("presigned by another", side => Bare(
            side, "GET", new RawRequest(side.Account with { SecretKey = "no" }, side.At, "GET", Object).Presign(60))),
        ("a virtual host", side => side.Ask("GET", "/a") with { Endpoint = new($"http://{Bucket}.{SharedDeployment.VirtualHost}") }),
        ("continue", side => side.Ask("PUT", $"/{Bucket}/long", new string('l', 200_000)) with { Unsigned = [("Expect", "100-continue")] }),
        ("continue without a body", side => side.Ask("GET", Object) with { Unsigned = [("Expect", "100-continue")] }),
        ("a chunk that is none", side => side.Ask("POST", $"/{Bucket}/up?uploadId=none", "zz\r\n") with
        {
            PayloadHash = "UNSIGNED-PAYLOAD",
            ChangeHead = head => Kept(head).Replace("Content-Length: 4\r\n", "Transfer-Encoding: chunked\r\n", StringComparison.Ordinal),
        }),
        ("a chunk that is none, and is not read", side => side.Ask("HEAD", Object, "zz\r\n") with
        {
            PayloadHash = "UNSIGNED-PAYLOAD",
            ChangeHead = head => Kept(head).Replace("Content-Length: 4\r\n", "Transfer-Encoding: chunked\r\n", StringComparison.Ordinal),
        }),
        ("a body that is not read", side => side.Ask("DELETE", $"/{Bucket}/none", "body")),
        ("another expectation", side => side.Ask("GET", Object) with { Unsigned = [("Expect", "tea")] }),
        ("a wrong digest", side => side.Ask("PUT", Object, "x", ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="))),
        ("a wrong hash", side => side.Ask("PUT", Object, "x") with { PayloadHash = new string('0', 64) }),
        ("too long", side => side.Ask("PUT", Object) with { ContentLength = "5368709121", PayloadHash = "UNSIGNED-PAYLOAD" }),
        ("a document that is none", side => side.Ask("PUT", $"{Object}?tagging", "<Tagging")),
        ("a wrong signature", side => side.Ask("GET", Object) with { Account = side.Account with { SecretKey = "no" } }),
        ("a method that S3 has not", side => side.Ask("PATCH", Object)),
        ("two Authorization lines", side => side.Ask("GET", Object) with { Unsigned = [("Authorization", "AWS x:y")] }),
        ("HTTP/1.0", side => side.Ask("GET", Object) with
        {
            ChangeHead = head => head.Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal),
        }),
        ("two lengths", side => side.Ask("PUT", Object, "x") with { Unsigned = [("Content-Length", "2")] }),
        ("a space in a name", side => side.Ask("GET", Object) with { Unsigned = [("x y", "z")] }),
        ("a target that is none", side => Bare(side, "GET", "*")),
        ("nobody", side => Bare(side, "GET", Object)),
        ("versions on", side => side.Ask(
            "PUT", $"/{Bucket}?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")),
        ("are they on", side => side.Ask("GET", $"/{Bucket}?versioning")),
        ("a version", side => side.Ask("PUT", Object, "second")),
        ("get it by its id", side => side.Ask("GET", $"{Object}?versionId={side.Version}")),
        ("get one that is none", side => side.Ask("GET", $"{Object}?versionId=none")),
        ("a marker", side => side.Ask("DELETE", Object)),
        ("get behind a marker", side => side.Ask("GET", Object)),
        ("versions", side => side.Ask("GET", $"/{Bucket}?versions")),
        ("delete many", side => side.Ask(
            "POST", $"/{Bucket}?delete", Many, ("content-md5", Convert.ToBase64String(Convert.FromHexString(Md5(Many)))))),
        ("delete one", side => side.Ask("DELETE", $"/{Bucket}/gz")),
        ("a bucket that is full", side => side.Ask("DELETE", $"/{Bucket}")),
    ];

    private const string Many = "<Delete><Object><Key>meta</Key></Object><Object><Key>none</Key></Object></Delete>";

    private readonly List<Side> _sides = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var live = await shared.Relays.GetAsync();
        foreach (var route in Enum.GetValues<Route>())
        {
            var account = route == Route.TwoRelays
                ? await shared.Relays.TakeAccountAsync() : await live.Control.AddAccountAsync("SG", RelayDeployment.Home);
            _sides.Add(new Side(route, account, live.EndpointOf(RelayDeployment.EntryOf(route))));
            using var s3 = live.OpenS3(account);
            await s3.PutBucketAsync(Bucket, Cancelled);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var side in _sides.Where(side => side.Route == Route.TwoRelays))
        {
            await shared.Relays.GiveBackAsync(side.Account);
        }
    }

    [Fact]
    public Task Relays_answer_as_the_home_does() => CompareAsync((side, request) => side.AnswerAsync(request));

    [Fact]
    public Task Relays_answer_as_the_home_does_over_http2() => CompareAsync((side, request) => side.AnswerOverHttp2Async(request));

    private async Task CompareAsync(Func<Side, Func<Side, RawRequest>, Task<string>> ask)
    {
        var differences = new List<string>();
        foreach (var (name, request) in Steps)
        {
            var answers = await Task.WhenAll(_sides.Select(side => ask(side, request)));
            if (answers.Any(answer => answer != answers[0] || answer.Length == 0))
            {
                differences.Add($"== {name}\n{string.Concat(_sides.Zip(answers, (side, answer) => $"-- {side.Route}\n{answer}\n"))}");
            }
        }

        Assert.True(differences.Count == 0, string.Concat(differences));
    }

    private static string Kept(string head) => head.Replace("Connection: close\r\n", "", StringComparison.Ordinal);

    private static string Md5(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Complete(string first)
        => "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
            + $"<ETag>{first}</ETag></Part></CompleteMultipartUpload>";

    private static RawRequest Bare(Side side, string method, string target)
        => side.Ask(method, target) with
        {
            ChangeHead = _ => $"{method} {target} HTTP/1.1\r\nHost: {side.At.Authority}\r\n\r\n",
        };

    private static RawRequest Chunked(Side side, string signed, string sent)
    {
        var request = side.Ask("PUT", Object, "", ("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", "7")) with
        {
            PayloadHash = Streaming,
        };
        var seed = SignatureText().Match(request.Head()).Groups[1].Value;
        var first = request.SignChunk(seed, Encoding.UTF8.GetBytes(signed));
        var last = request.SignChunk(first, []);
        var body = $"7;chunk-signature={first}\r\n{sent}\r\n0;chunk-signature={last}\r\n\r\n";
        return request with { Body = Encoding.UTF8.GetBytes(body) };
    }

    private static RawRequest Trailer(Side side, string checksum)
        => side.Ask(
            "PUT", Object, $"7\r\ncontent\r\n0\r\nx-amz-checksum-sha256:{checksum}\r\n\r\n", ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "7"), ("x-amz-trailer", "x-amz-checksum-sha256")) with
        {
            PayloadHash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        };

    [GeneratedRegex("Signature=([0-9a-f]{64})")]
    private static partial Regex SignatureText();

    [GeneratedRegex("<UploadId>([^<]+)</UploadId>")]
    private static partial Regex UploadText();

    [GeneratedRegex("x-amz-version-id: ([^\r]+)")]
    private static partial Regex VersionText();

    /// <summary>An account, where it is asked, and what its answers named that a later request names again.</summary>
    private sealed class Side(Route route, NewAccountView account, Uri at)
    {
        // One moment for both sides, so that an answer which quotes it is the same.
        private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

        public Route Route => route;

        public NewAccountView Account => account;

        public Uri At => at;

        public string Upload { get; private set; } = "";

        public string Version { get; private set; } = "";

        public RawRequest Ask(string method, string target, string body = "", params (string Name, string Value)[] headers)
            => new(account, at, method, target) { Body = Encoding.UTF8.GetBytes(body), Headers = headers, At = Now, ChangeHead = Kept };

        private RawRequest Second => new(account, at, "GET", $"/{Bucket}?location");

        /// <summary>With a second request behind it; masked.</summary>
        public async Task<string> AnswerAsync(Func<Side, RawRequest> request)
            => Learn(Encoding.UTF8.GetString(RawConnection.WithoutContinue(
                await RawConnection.ExchangeAsync(at, [.. request(this).ToBytes(), .. Second.ToBytes()]))));

        /// <inheritdoc cref="AnswerAsync"/>
        public async Task<string> AnswerOverHttp2Async(Func<Side, RawRequest> request)
            => Learn(await Http2Connection.AskAsync(at, [request(this), Second]));

        private string Learn(string answer)
        {
            Upload = UploadText().Match(answer) is { Success: true } upload ? upload.Groups[1].Value : Upload;
            Version = VersionText().Match(answer) is { Success: true } version ? version.Groups[1].Value : Version;
            return Masks.Apply(answer, account, at);
        }
    }
}
