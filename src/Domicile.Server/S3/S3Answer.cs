using System.Text;
using Domicile.Objects;
using Domicile.Server.S3.Hashing;
using Domicile.Server.S3.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Domicile.Server.S3;

/// <summary>Writes answers: headers, XML documents, errors.</summary>
internal static class S3Answer
{
    public const string RequestIdHeader = "x-amz-request-id";
    public const string HostIdHeader = "x-amz-id-2";

    private const string RetryAfterSeconds = "1";

    public static S3Error SlowDown(string? reason)
        => S3Error.Of("SlowDown", reason).WithHeader("Retry-After", RetryAfterSeconds);

    /// <summary>An answer without a body.</summary>
    public static S3Error? Empty(S3Exchange exchange, int status)
    {
        exchange.Http.Response.StatusCode = status;
        if (status != StatusCodes.Status204NoContent)
        {
            exchange.Http.Response.ContentLength = 0;
        }

        return null;
    }

    public static async Task<S3Error?> XmlAsync(S3Exchange exchange, XmlAnswer answer)
    {
        await SendAsync(exchange.Http, StatusCodes.Status200OK, answer.Finish());
        return null;
    }

    public static Task ErrorAsync(HttpContext http, S3Error error)
    {
        foreach (var (name, value) in error.Headers)
        {
            http.Response.Headers[name] = HeaderText(value);
        }

        CloseIfBodyPends(http);
        if (HttpMethods.IsHead(http.Request.Method) || error.Status == StatusCodes.Status304NotModified)
        {
            http.Response.StatusCode = error.Status;
            return Task.CompletedTask;
        }

        var answer = new XmlAnswer("Error", xmlNamespace: null).Add("Code", error.Code).Add("Message", error.Message);
        foreach (var (name, value) in error.Details)
        {
            answer.Add(name, value);
        }

        answer.Add("Resource", RequestTarget.ResourceOf(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget))
            .Add("RequestId", http.Response.Headers[RequestIdHeader].ToString())
            .Add("HostId", http.Response.Headers[HostIdHeader].ToString());
        return SendAsync(http, error.Status, answer.Finish());
    }

    /// <summary>
    /// A header's value as it may go on the wire. What is not printable ASCII becomes an encoded word of RFC 2047, as S3
    /// answers for user metadata; so no stored value can end the header and begin another.
    /// </summary>
    public static string HeaderText(string value)
        => value.AsSpan().ContainsAnyExceptInRange(' ', '~')
            ? $"=?UTF-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(value))}?="
            : value;

    public static void AddVersion(S3Exchange exchange, string? versionId)
    {
        if (versionId is not null)
        {
            exchange.AnswerHeaders["x-amz-version-id"] = versionId;
        }
    }

    /// <summary>Everything is encrypted at rest; who asked for it is told so.</summary>
    public static void EchoEncryption(S3Exchange exchange)
    {
        if (exchange.Header("x-amz-server-side-encryption") is { } encryption)
        {
            exchange.AnswerHeaders["x-amz-server-side-encryption"] = HeaderText(encryption);
        }
    }

    public static void AddChecksums(S3Exchange exchange, IReadOnlyList<Checksum> checksums)
    {
        foreach (var checksum in checksums)
        {
            exchange.AnswerHeaders[ChecksumNames.Header(checksum.Algorithm)] = checksum.Value;
            exchange.AnswerHeaders["x-amz-checksum-type"] = ChecksumNames.Type(checksum);
        }
    }

    public static XmlAnswer AddChecksums(this XmlAnswer answer, IReadOnlyList<Checksum> checksums)
    {
        foreach (var checksum in checksums)
        {
            answer.Add(ChecksumNames.Element(checksum.Algorithm), checksum.Value);
        }

        return checksums.Count > 0 ? answer.Add("ChecksumType", ChecksumNames.Type(checksums[0])) : answer;
    }

    /// <summary>Owner and Initiator: an account owns all that is in it.</summary>
    public static XmlAnswer AddOwner(this XmlAnswer answer, string element, S3Exchange exchange)
        => answer.Open(element)
            .Add("ID", exchange.Copy.Account.Value)
            .Add("DisplayName", exchange.Copy.Account.Value)
            .Close();

    private static async Task SendAsync(HttpContext http, int status, ReadOnlyMemory<byte> document)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/xml";
        http.Response.ContentLength = document.Length;
        await http.Response.BodyWriter.WriteAsync(document, http.RequestAborted);
    }

    // The rest of a body stands between this answer and the connection's next request. A client that waits for
    // "100 Continue" may never send it, and go on with its next request instead.
    private static void CloseIfBodyPends(HttpContext http)
    {
        var isLong = http.Request.ContentLength is { } length
            ? length > S3Limits.UnreadBodyBytesMax
            : http.Request.Headers.TransferEncoding.Count > 0;
        if ((isLong || http.Request.Headers.Expect.Count > 0) && !HttpProtocol.IsHttp2(http.Request.Protocol))
        {
            http.Response.Headers.Connection = "close";
        }
    }
}
