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

    public const int HopsMax = 3;

    /// <summary>
    /// Of the header lines of a link's request: a client's target and head of the largest size, as JSON that escapes each
    /// character, in base64, and what stands around it.
    /// </summary>
    public const int HeadBytesMax = 192 << 10;

    /// <param name="serve">Serves it as a client's.</param>
    public static async Task HandleAsync(HttpContext context, RegionName caller, RequestDelegate serve)
    {
        if (Read(context, out var hops) is not { } request || !BodyAgrees(context.Request, request))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        new Relayed(caller, hops, request.HostBucket).Mark(context);
        context.Features.Set<IHttpRequestFeature>(FeatureOf(request, context.Request));
        context.Features.Set<IRequestBodyPipeFeature>(
            new BodyPipe(context, context.Request.Body, context.Features.GetRequiredFeature<IRequestBodyPipeFeature>()));
        context.Response.OnStarting(SayOfConnection, context);
        await serve(context);
    }

    private static ClientRequest? Read(HttpContext context, out int hops)
    {
        var headers = context.Request.Headers;
        return int.TryParse(headers[HopsHeader], NumberStyles.None, CultureInfo.InvariantCulture, out hops)
            && hops is > 0 and <= HopsMax && headers[RequestHeader] is [{ } text] && Base64Url.IsValid(text)
            ? ClientRequest.TryDecode(Base64Url.DecodeFromChars(text))
            : null;
    }

    // The body is framed by the link. What the client's head says of its length must be so, or two readers would disagree.
    private static bool BodyAgrees(HttpRequest link, ClientRequest request)
    {
        var said = request.Headers.Where(line => line.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)).ToList();
        return said.Count == 0
            ? link.ContentLength is null or 0
            : said is [{ Value: var text }] && link.Headers.TransferEncoding.Count == 0
                && text == (link.ContentLength ?? 0).ToString(CultureInfo.InvariantCulture);
    }

    private static HttpRequestFeature FeatureOf(ClientRequest request, HttpRequest link)
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
            Body = link.Body,
        };
    }

    // Of the link's own connection the client's request says nothing.
    private static Task SayOfConnection(object state)
    {
        var headers = ((HttpContext)state).Response.Headers;
        if (headers.Connection.Count > 0)
        {
            headers.Remove("Connection");
            headers[CloseHeader] = "1";
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// The link's own reader, until the body was read and another put in its place. (Kestrel looks for that in a feature that is
    /// no longer asked.)
    /// </summary>
    private sealed class BodyPipe(HttpContext context, Stream body, IRequestBodyPipeFeature link) : IRequestBodyPipeFeature
    {
        private PipeReader? _replaced;

        public PipeReader Reader
            => ReferenceEquals(context.Request.Body, body) ? link.Reader : _replaced ??= PipeReader.Create(context.Request.Body);
    }
}
