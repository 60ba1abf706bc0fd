using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using Domicile.Accounts;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Domicile.Server.Peers;

/// <summary>
/// Relays a client's request, untouched and still signed by the client, to the account's home over the regions'
/// mutually authenticated link, and its answer back. Bodies stream both ways.
/// </summary>
internal sealed class RequestForwarder(PeerClients peers)
{
    /// <summary>Header of a relayed request: how many nodes it has passed. At most <see cref="HopsMax"/>.</summary>
    public const string HopsHeader = "x-domicile-hops";

    public const int HopsMax = 3;

    // RFC 9110, section 7.6.1: what speaks of one connection and not of the message.
    private static readonly FrozenSet<string> HopByHop = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade", "Expect", "Host", HopsHeader,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Relays the request and writes the answer. Throws only when the client is gone or the link breaks mid-answer.</summary>
    public async Task ForwardAsync(HttpContext context, RegionName home)
    {
        var hops = Hops.Of(context) + 1;
        if (hops > HopsMax)
        {
            await AnswerBusyAsync(context, "The request was relayed too often.");
            return;
        }

        using var request = BuildRequest(context, peers.AddressOf(home), hops);
        HttpResponseMessage response;
        try
        {
            response = await peers.InvokerOf(home).SendAsync(request, context.RequestAborted);
        }
        catch (HttpRequestException)
        {
            await AnswerBusyAsync(context, $"The account's home region {home} does not answer.");
            return;
        }

        using (response)
        {
            await CopyAnswerAsync(response, context);
        }
    }

    private static HttpRequestMessage BuildRequest(HttpContext context, Uri address, int hops)
    {
        var incoming = context.Request;
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var uri = new Uri(
            address.GetLeftPart(UriPartial.Authority) + target,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var request = new HttpRequestMessage(new HttpMethod(incoming.Method), uri)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = HasBody(context) ? new StreamContent(incoming.Body) : null,
        };
        foreach (var (name, values) in incoming.Headers)
        {
            if (!HopByHop.Contains(name) && !name.StartsWith(':'))
            {
                Copy(request, name, values);
            }
        }

        request.Headers.Host = incoming.Host.Value;
        request.Headers.Add(HopsHeader, hops.ToString(CultureInfo.InvariantCulture));
        return request;
    }

    private static bool HasBody(HttpContext context)
        => context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? context.Request.ContentLength > 0;

    private static void Copy(HttpRequestMessage request, string name, StringValues values)
    {
        if (request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
        {
            return;
        }

        // Headers of the body. A request without one may still carry and sign them.
        request.Content ??= new ByteArrayContent([]);
        request.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
    }

    private static async Task CopyAnswerAsync(HttpResponseMessage response, HttpContext context)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            if (!HopByHop.Contains(name))
            {
                context.Response.Headers[name] = new StringValues([.. values]);
            }
        }

        if (HttpMethods.IsHead(context.Request.Method) || context.Response.StatusCode is 204 or 304)
        {
            return;
        }

        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(context.RequestAborted);
            await body.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            // The answer has begun: only a broken connection tells the client that it is not whole.
            context.Abort();
        }
    }

    private static async Task AnswerBusyAsync(HttpContext context, string message)
    {
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = "1";
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync(
            $"""<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>{message}</Message></Error>""",
            context.RequestAborted);
    }
}

/// <summary>How many nodes a request has passed. Only the peer listener says so: a client's own header counts for nothing.</summary>
internal static class Hops
{
    private static readonly object Key = new();

    public static int Of(HttpContext context) => context.Items.TryGetValue(Key, out var hops) ? (int)hops! : 0;

    public static bool TryRead(HttpContext context)
    {
        if (!int.TryParse(
            context.Request.Headers[RequestForwarder.HopsHeader], NumberStyles.None, CultureInfo.InvariantCulture,
            out var hops))
        {
            return false;
        }

        context.Items[Key] = hops;
        context.Request.Headers.Remove(RequestForwarder.HopsHeader);
        return true;
    }
}
