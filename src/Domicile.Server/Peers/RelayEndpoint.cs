using System.Buffers.Text;
using System.Globalization;
using System.IO.Pipelines;
using Domicile.Accounts;
using Domicile.Server.S3.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Domicile.Server.Peers;

/// <summary>
/// Takes a client's request that another region relays: <c>POST</c> (or <c>HEAD</c>, whose answer has no body either)
/// <c>/peer/v1/relay</c>, with the head that the client sent in one header and the client's body as the body. It is served
/// as if it had come from the client, by the same code. Its parts were never written as HTTP again, so none of them can be
/// read as another request.
/// </summary>
internal static class RelayEndpoint
{
    public const string Path = "/peer/v1/relay";

    /// <summary>Header: <see cref="ClientRequest.Encode"/> in base64url.</summary>
    public const string RequestHeader = "domicile-request";

    /// <summary>Header: how many nodes the request has passed, the one that sends it counted. At most <see cref="HopsMax"/>.</summary>
    public const string HopsHeader = "domicile-hops";

    /// <summary>Header: whether the client came by http or https, for answers that name an address.</summary>
    public const string SchemeHeader = "domicile-scheme";

    /// <summary>Header of an answer: the client's connection ends with it.</summary>
    public const string CloseHeader = "domicile-close";

    /// <summary>
    /// Header of an answer: the names of its header lines in their order. It stands only where a client of HTTP would lose the
    /// order: .NET's keeps what speaks of content apart, and of that a server of .NET writes all but one in an order of its own.
    /// </summary>
    public const string OrderHeader = "domicile-order";

    /// <summary>
    /// Header: only whether the client's request is signed is asked, before its body is announced. The answer is
    /// <see cref="ServedHeader"/>, or the one that the client gets.
    /// </summary>
    public const string QuestionHeader = "domicile-question";

    /// <summary>Header of an answer to a question (204): the request is its client's, and is to be sent with its body.</summary>
    public const string ServedHeader = "domicile-served";

    public const int HopsMax = 3;

    /// <summary>
    /// A body up to this long is not framed by its length on the link while the home has not asked for it: .NET's client sends
    /// one so short to a server that refused it, rather than close the connection, and would ask the client for it.
    /// </summary>
    public const int UnaskedBodyBytesMax = 1024;

    /// <summary>
    /// Of the header lines of a link's request: a client's target and head of the largest size, as JSON that escapes each
    /// character, in base64, and what stands around it.
    /// </summary>
    public const int HeadBytesMax = 192 << 10;

    /// <summary>
    /// No operation by these methods reads a body. A client may send one, and the home would answer without it: it stays where it
    /// entered.
    /// </summary>
    public static bool IsWithoutBody(string method)
        => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsDelete(method);

    /// <param name="serve">Serves it as a client's.</param>
    public static async Task HandleAsync(HttpContext context, RegionName caller, RequestDelegate serve)
    {
        var isQuestion = context.Request.Headers.ContainsKey(QuestionHeader);
        if (Read(context, out var hops) is not { } request
            || !(isQuestion ? IsWithoutContent(context.Request) : BodyAgrees(context.Request, request)))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        new Relayed(caller, hops, request.HostBucket)
        {
            IsBodyHeld = context.Request.Headers.Expect.Count > 0,
            IsQuestion = isQuestion,
        }.Mark(context);
        var counted = context.Request.Headers.TransferEncoding.Count > 0 && LengthSaid(request) is [var length]
            ? PipeReader.Create(new ExactBody(context.Request.Body, long.Parse(length, CultureInfo.InvariantCulture)))
            : null;
        var body = counted?.AsStream() ?? context.Request.Body;
        context.Features.Set<IHttpRequestFeature>(FeatureOf(request, context.Request, body));
        context.Features.Set<IRequestBodyPipeFeature>(
            new BodyPipe(context, body, counted, context.Features.GetRequiredFeature<IRequestBodyPipeFeature>()));
        context.Response.OnStarting(SayOfAnswer, context);
        await serve(context);
    }

    /// <summary>Answers a question: the request is its client's.</summary>
    public static void SayServed(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        context.Response.Headers[ServedHeader] = "1";
    }

    private static ClientRequest? Read(HttpContext context, out int hops)
    {
        var headers = context.Request.Headers;
        return int.TryParse(headers[HopsHeader], NumberStyles.None, CultureInfo.InvariantCulture, out hops)
            && hops is > 0 and <= HopsMax && headers[RequestHeader] is [{ } text] && Base64Url.IsValid(text)
            ? ClientRequest.TryDecode(Base64Url.DecodeFromChars(text))
            : null;
    }

    // The body is framed by the link. What the client's head says of its length must be so, or two readers would disagree; a
    // short one that comes in chunks is counted while it is read.
    private static bool BodyAgrees(HttpRequest link, ClientRequest request) => LengthSaid(request) switch
    {
        _ when IsWithoutBody(request.Method) => IsWithoutContent(link),
        [] => link.ContentLength is null or 0,
        [var text] when link.Headers.TransferEncoding.Count == 0
            => text == (link.ContentLength ?? 0).ToString(CultureInfo.InvariantCulture),
        [var text] => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            && length is > 0 and <= UnaskedBodyBytesMax && text == length.ToString(CultureInfo.InvariantCulture),
        _ => false,
    };

    private static bool IsWithoutContent(HttpRequest link)
        => link.ContentLength is null or 0 && link.Headers.TransferEncoding.Count == 0;

    private static List<string> LengthSaid(ClientRequest request)
        => [.. request.Headers.Where(line => line.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            .Select(line => line.Value)];

    private static HttpRequestFeature FeatureOf(ClientRequest request, HttpRequest link, Stream body)
    {
        var question = request.Target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? request.Target : request.Target[..question];
        return new HttpRequestFeature
        {
            Protocol = "HTTP/1.1",
            Scheme = link.Headers[SchemeHeader] == "https" ? "https" : "http",
            Method = request.Method,
            RawTarget = request.Target,
            Path = Uri.UnescapeDataString(path),
            QueryString = question < 0 ? "" : request.Target[question..],
            Headers = request.ToHeaders(),
            Body = body,
        };
    }

    private static Task SayOfAnswer(object state)
    {
        // Of the link's own connection the client's request says nothing.
        var headers = ((HttpContext)state).Response.Headers;
        if (headers.Connection.Count > 0)
        {
            headers.Remove("Connection");
            headers[CloseHeader] = "1";
        }

        if (headers.ContentDisposition.Count > 0)
        {
            headers[OrderHeader] = string.Join(',', headers.Select(line => line.Key));
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// The reader of what came over the link, until the body was read and another put in its place. (Kestrel looks for that in a
    /// feature that is no longer asked.)
    /// </summary>
    private sealed class BodyPipe(HttpContext context, Stream body, PipeReader? counted, IRequestBodyPipeFeature link)
        : IRequestBodyPipeFeature
    {
        private PipeReader? _replaced;

        public PipeReader Reader
            => ReferenceEquals(context.Request.Body, body)
                ? counted ?? link.Reader : _replaced ??= PipeReader.Create(context.Request.Body);
    }
}
