using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Domicile.Bench;

/// <summary>
/// The least S3 client there can be, so that it takes little of the machine from the server that is measured: HTTP/1.1
/// with kept connections, AWS Signature Version 4 with UNSIGNED-PAYLOAD, no retries. Paths need no percent-encoding; a query is one word without a value.
/// See https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
/// </summary>
/// <param name="handler">It is set up here and, unless it is shared, disposed.</param>
/// <param name="isShared">Others use the handler too, and it has been set up.</param>
internal sealed class S3Link(
    Uri endpoint, string accessKey, string secretKey, SocketsHttpHandler handler, int connections, TimeProvider time,
    bool isShared = false) : IDisposable
{
    private const string Scope = "us-east-1/s3/aws4_request";
    private const string SignedHeaders = "host;x-amz-content-sha256;x-amz-date";
    private const string Payload = "UNSIGNED-PAYLOAD";

    private readonly HttpMessageInvoker _http = new(isShared ? handler : Prepare(handler, connections), disposeHandler: !isShared);

    private (string Day, byte[] Key) _signing = ("", []);

    /// <summary>Sends a request. The caller reads the answer and disposes it.</summary>
    public Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(method, new Uri(endpoint, path)) { Content = content };
        Sign(request, path);
        return _http.SendAsync(request, cancellationToken);
    }

    /// <summary>Sends a request and reads its answer to the end.</summary>
    /// <returns>The status, and how many bytes came.</returns>
    public async Task<(HttpStatusCode Status, long Bytes)> ExchangeAsync(
        HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(method, path, content, cancellationToken);
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(1 << 16);
        var bytes = 0L;
        while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            bytes += read;
        }

        System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        return (answer.StatusCode, bytes);
    }

    /// <summary>The same, where anything but 200 ends the benchmark.</summary>
    public async Task<long> DoAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
        => await ExchangeAsync(method, path, content, cancellationToken) is (HttpStatusCode.OK, var bytes)
            ? bytes
            : throw new BenchmarkFailedException($"{method} {path} was not answered with 200. See the region's log.");

    public void Dispose() => _http.Dispose();

    public static SocketsHttpHandler Prepare(SocketsHttpHandler handler, int connections)
    {
        handler.MaxConnectionsPerServer = connections;
        handler.AllowAutoRedirect = false;
        handler.UseCookies = false;
        handler.ActivityHeadersPropagator = null;
        return handler;
    }

    private void Sign(HttpRequestMessage request, string path)
    {
        var stamp = time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var day = stamp[..8];
        var at = path.IndexOf('?', StringComparison.Ordinal);
        var target = at < 0 ? $"{path}\n" : $"{path[..at]}\n{path[(at + 1)..]}=";
        var canonical =
            $"{request.Method}\n{target}\nhost:{endpoint.Authority}\nx-amz-content-sha256:{Payload}\nx-amz-date:{stamp}\n\n"
            + $"{SignedHeaders}\n{Payload}";
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
        var signature = Convert.ToHexStringLower(
            Mac(KeyOf(day), $"AWS4-HMAC-SHA256\n{stamp}\n{day}/{Scope}\n{hash}"));
        request.Headers.TryAddWithoutValidation("x-amz-date", stamp);
        request.Headers.TryAddWithoutValidation("x-amz-content-sha256", Payload);
        request.Headers.TryAddWithoutValidation(
            "Authorization",
            $"AWS4-HMAC-SHA256 Credential={accessKey}/{day}/{Scope},SignedHeaders={SignedHeaders},Signature={signature}");
    }

    private byte[] KeyOf(string day)
    {
        if (_signing is var (known, key) && known == day)
        {
            return key;
        }

        key = Scope.Split('/').Aggregate(Mac(Encoding.UTF8.GetBytes("AWS4" + secretKey), day), Mac);
        _signing = (day, key);
        return key;
    }

    private static byte[] Mac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));
}
