using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using Domicile.Accounts;
using Domicile.Server.S3.Bodies;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Domicile.Server.Peers;

/// <summary>
/// Relays a client's request, untouched and still signed by the client, to the account's home over the regions'
/// mutually authenticated link, and its answer back. Bodies stream both ways.
/// </summary>
/// <param name="bodies">The memory for bodies that are kept; where it is spent, they stream.</param>
internal sealed class RequestForwarder(PeerClients peers, UnprovenBodies bodies)
{
    /// <summary>Header of a relayed request: how many nodes it has passed. At most <see cref="HopsMax"/>.</summary>
    public const string HopsHeader = "x-domicile-hops";

    public const int HopsMax = 3;

    /// <summary>Headers of a peer's 307: the home and the epoch in which it is that.</summary>
    public const string HomeHeader = "x-domicile-home";

    /// <inheritdoc cref="HomeHeader"/>
    public const string EpochHeader = "x-domicile-epoch";

    /// <summary>A body up to this long is read before it is relayed, so that it can be relayed again elsewhere.</summary>
    private const int BodyKeptBytesMax = 128 << 10;

    /// <summary>More than a request waits at the home's gateway.</summary>
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(40);

    private static readonly object KeptBodyKey = new();

    // RFC 9110, section 7.6.1: what speaks of one connection and not of the message.
    private static readonly FrozenSet<string> HopByHop = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade", "Expect", "Host", HopsHeader, HomeHeader, EpochHeader,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Relays the request and writes the answer. Throws only when the client is gone or the link breaks mid-answer.</summary>
    /// <returns>
    /// Null where the client has its answer. Else the account has moved on: nothing was answered, and nothing of the body is
    /// lost.
    /// </returns>
    public async Task<MovedOn?> ForwardAsync(HttpContext context, RegionName home)
    {
        var hops = Hops.Of(context) + 1;
        if (hops > HopsMax)
        {
            await AnswerBusyAsync(context, "The request was relayed too often.");
            return null;
        }

        using var request = BuildRequest(context, peers.AddressOf(home), hops, await OpenBodyAsync(context));
        HttpResponseMessage response;
        try
        {
            response = await SendAsync(request, home, context.RequestAborted);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            peers.Renew(home);
            await AnswerBusyAsync(context, $"The account's home region {home} is silent.");
            return null;
        }
        catch (HttpRequestException)
        {
            await AnswerBusyAsync(context, $"The account's home region {home} does not answer.");
            return null;
        }

        using (response)
        {
            if (FindMovedOn(response) is { } moved)
            {
                return moved;
            }

            await CopyAnswerAsync(response, context);
            return null;
        }
    }

    // What only reads or removes is answered soon, after a cut-over at most. A body takes its sender's time, and a copy its
    // object's: those wait for as long as their client does.
    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, RegionName home, CancellationToken aborted)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        if (request.Method == HttpMethod.Get || request.Method == HttpMethod.Head || request.Method == HttpMethod.Delete)
        {
            patience.CancelAfter(AnswerMax);
        }

        return await peers.SendAsync(home, request, patience.Token);
    }

    private static MovedOn? FindMovedOn(HttpResponseMessage response)
        => response.StatusCode == HttpStatusCode.TemporaryRedirect
            && response.Headers.TryGetValues(HomeHeader, out var homes) && RegionName.TryParse(homes.First(), out var home)
            && response.Headers.TryGetValues(EpochHeader, out var epochs)
            && long.TryParse(epochs.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            ? new MovedOn(home, epoch)
            : null;

    // A short body is kept. A long one is announced (100-continue): the home reads it only when it has decided to serve.
    private async Task<HttpContent?> OpenBodyAsync(HttpContext context)
    {
        if (!HasBody(context))
        {
            return null;
        }

        if (context.Request.ContentLength is not { } lengthBytes || lengthBytes > BodyKeptBytesMax)
        {
            return new StreamContent(context.Request.Body);
        }

        if (!context.Items.TryGetValue(KeptBodyKey, out var kept))
        {
            if (bodies.TryTake(lengthBytes) is not { } memory)
            {
                return new StreamContent(context.Request.Body);
            }

            context.Response.RegisterForDispose(memory);
            var body = new byte[(int)lengthBytes];
            await context.Request.Body.ReadExactlyAsync(body, context.RequestAborted);
            context.Items[KeptBodyKey] = kept = body;

            // If this region turns out to be the home meanwhile, it reads the body as if nothing had happened.
            context.Request.Body = new MemoryStream(body, writable: false);
        }

        return new ByteArrayContent((byte[])kept!);
    }

    private static HttpRequestMessage BuildRequest(HttpContext context, Uri address, int hops, HttpContent? body)
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
            Content = body,
        };
        request.Headers.ExpectContinue = body is StreamContent ? true : null;
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

/// <summary>The account's home is another region by now.</summary>
internal sealed record MovedOn(RegionName Home, long Epoch);

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
