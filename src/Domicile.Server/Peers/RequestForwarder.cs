using System.Buffers.Text;
using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.ExceptionServices;
using Domicile.Accounts;
using Domicile.Server.Hosting;
using Domicile.Server.S3;
using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Wire;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Domicile.Server.Peers;

/// <summary>
/// Relays a client's request, untouched and still signed by the client, to the account's home over the regions'
/// mutually authenticated link, and its answer back. Bodies stream both ways.
/// </summary>
/// <param name="bodies">The memory for bodies that are kept; where it is spent, they stream.</param>
internal sealed class RequestForwarder(PeerClients peers, UnprovenBodies bodies, TimeProvider time)
{
    /// <summary>Headers of a peer's 307: the home and the epoch in which it is that.</summary>
    public const string HomeHeader = "x-domicile-home";

    /// <inheritdoc cref="HomeHeader"/>
    public const string EpochHeader = "x-domicile-epoch";

    /// <summary>A body up to this long is read before it is relayed, so that it can be relayed again elsewhere.</summary>
    private const int BodyKeptBytesMax = 128 << 10;

    /// <summary>For a short body that doesn't come with its head, it isn't worth more to spare the link an announcement.</summary>
    private static readonly TimeSpan BodyAwaitedMax = TimeSpan.FromMilliseconds(50);

    /// <summary>More than a request waits at the home's gateway.</summary>
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(40);

    private static readonly object KeptBodyKey = new();

    // Of an answer: what speaks of one connection and not of the message (RFC 9110, section 7.6.1); what one region says to
    // another; and what would hold for all that a client asks of this endpoint, where one account's home has no say.
    private static readonly FrozenSet<string> NotForClients = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade", HomeHeader, EpochHeader, RelayEndpoint.CloseHeader, RelayEndpoint.OrderHeader,
        RelayEndpoint.ServedHeader,
        "Alt-Svc", "Clear-Site-Data", "Set-Cookie", "Strict-Transport-Security",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Relays the request and writes the answer. Throws only when the client is gone or its body is none, or the link breaks
    /// mid-answer.
    /// </summary>
    /// <returns>
    /// Null where the client has its answer. Else the account has moved on: nothing was answered, and nothing of the body is
    /// lost.
    /// </returns>
    /// <param name="hostBucket">The bucket that the Host names, as this node, or the one where the request entered, read it.</param>
    public async Task<MovedOn?> ForwardAsync(HttpContext context, string? hostBucket, RegionName home)
    {
        var hops = (Relayed.Of(context)?.Hops ?? 0) + 1;
        if (hops > RelayEndpoint.HopsMax)
        {
            await AnswerBusyAsync(context, "The request was relayed too often.");
            return null;
        }

        if (ListenerEdge.WasServed(context))
        {
            return await ForwardAsync(context, hostBucket, home, hops, isStranger: false);
        }

        using var patience = new CancellationTokenSource(PeerLimits.RelayWaitMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.RequestAborted);
        IDisposable? own;
        try
        {
            own = ListenerEdge.StrangersTurnsOf(context) is { } turns ? await turns.TakeAsync(either.Token) : null;
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            await AnswerBusyAsync(context, "This connection has too many requests open.");
            return null;
        }

        using (own)
        {
            return await ForwardAsync(context, hostBucket, home, hops, isStranger: true);
        }
    }

    private async Task<MovedOn?> ForwardAsync(
        HttpContext context, string? hostBucket, RegionName home, int hops, bool isStranger)
    {
        if (peers.FindAddress(home) is not { } address)
        {
            await AnswerBusyAsync(context, $"The account's home is {home}, which is no region of this deployment.");
            return null;
        }

        using var turn = await peers.EnterRelayAsync(home, isStranger, context.RequestAborted);
        if (turn is null)
        {
            await AnswerBusyAsync(context, $"The link to the account's home region {home} is busy or broken.");
            return null;
        }

        var client = ClientRequest.Of(context, hostBucket);
        var body = await OpenBodyAsync(context);
        if (isStranger && body is StreamContent)
        {
            // A body that is announced and not wanted costs the link its connection.
            var asked = await ExchangeAsync(context, client, (home, address), hops, turn, body: null, isQuestion: true);
            if (!asked.IsServed)
            {
                return asked.MovedOn;
            }
        }

        var heard = await ExchangeAsync(
            context, client, (home, address), hops, turn, body, Relayed.Of(context) is { IsQuestion: true });
        if (heard.IsServed)
        {
            RelayEndpoint.SayServed(context);
        }

        return heard.MovedOn;
    }

    /// <summary>Sends the request, or only the question whether it is its client's, and passes the home's answer on.</summary>
    private async Task<Heard> ExchangeAsync(
        HttpContext context, ClientRequest client, (RegionName Name, Uri Address) at, int hops, RelayTurn turn, HttpContent? body,
        bool isQuestion)
    {
        var home = at.Name;
        using var request = BuildRequest(context, client, at.Address, hops, body, isQuestion);
        HttpResponseMessage response;
        try
        {
            response = await SendAsync(
                request, turn, isSoon: isQuestion || RelayEndpoint.IsWithoutBody(context.Request.Method), home, context.RequestAborted);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            if (request.Content is null)
            {
                turn.Failed(); // The home had all that it could wait for.
            }

            peers.Renew(home);
            await AnswerBusyAsync(context, $"The account's home region {home} is silent.");
            return default;
        }
        catch (HttpRequestException e)
        {
            if (FindBrokenBody(e) is { } broken)
            {
                ExceptionDispatchInfo.Throw(broken); // What the client sent is no body: no fault of the home or the link.
            }

            await AnswerBusyAsync(context, $"The account's home region {home} does not answer.");
            return default;
        }

        using (response)
        {
            if (isQuestion && response.Headers.NonValidated.Contains(RelayEndpoint.ServedHeader))
            {
                return new Heard(IsServed: true, MovedOn: null);
            }

            if (FindMovedOn(response) is { } moved)
            {
                return new Heard(IsServed: false, moved);
            }

            await CopyAnswerAsync(response, context);
            return default;
        }
    }

    private static BadHttpRequestException? FindBrokenBody(Exception? failure)
        => failure is null or BadHttpRequestException ? (BadHttpRequestException?)failure : FindBrokenBody(failure.InnerException);

    // What only reads or removes is answered soon, after a cut-over at most. A body takes its sender's time, and a copy its
    // object's: those wait for as long as their client does.
    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, RelayTurn turn, bool isSoon, RegionName home, CancellationToken aborted)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        if (isSoon)
        {
            patience.CancelAfter(AnswerMax);
        }

        return await peers.RelayAsync(home, turn, request, patience.Token);
    }

    private static MovedOn? FindMovedOn(HttpResponseMessage response)
        => response.StatusCode == HttpStatusCode.TemporaryRedirect
            && response.Headers.TryGetValues(HomeHeader, out var homes) && RegionName.TryParse(homes.First(), out var home)
            && response.Headers.TryGetValues(EpochHeader, out var epochs)
            && long.TryParse(epochs.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            ? new MovedOn(home, epoch)
            : null;

    // A short body that is here is kept. Any other is announced (100-continue): the home reads it only when it has decided to
    // serve, and the client learns what the home decides, and when.
    private async Task<HttpContent?> OpenBodyAsync(HttpContext context)
    {
        if (!HasBody(context))
        {
            return null;
        }

        if (context.Items.TryGetValue(KeptBodyKey, out var kept))
        {
            return new ByteArrayContent((byte[])kept!);
        }

        if (context.Request.ContentLength is not { } lengthBytes || lengthBytes > BodyKeptBytesMax
            || context.Request.Headers.Expect.Count > 0 || Relayed.Of(context) is { IsBodyHeld: true }
            || bodies.TryTake(lengthBytes) is not { } memory)
        {
            return Announced(context);
        }

        context.Response.RegisterForDispose(memory);
        if (await SoonBody.TryReadAsync(
            context.Request.BodyReader, (int)lengthBytes, BodyAwaitedMax, time, context.RequestAborted) is not { } body)
        {
            return Announced(context);
        }

        context.Items[KeptBodyKey] = body;

        // If this region turns out to be the home meanwhile, it reads the body as if nothing had happened.
        context.Request.Body = new MemoryStream(body, writable: false);
        return new ByteArrayContent(body);
    }

    private static StreamContent Announced(HttpContext context)
        => new(context.Request.Body)
        {
            Headers =
            {
                ContentLength = context.Request.ContentLength is > RelayEndpoint.UnaskedBodyBytesMax and var length ? length : null,
            },
        };

    // Of what the client sent nothing but its body is written as it is: the head is one value of letters and digits.
    private static HttpRequestMessage BuildRequest(
        HttpContext context, ClientRequest client, Uri address, int hops, HttpContent? body, bool isQuestion)
    {
        var request = new HttpRequestMessage(
            HttpMethods.IsHead(context.Request.Method) ? HttpMethod.Head : HttpMethod.Post, new Uri(address, RelayEndpoint.Path))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };
        request.Headers.ExpectContinue = body is StreamContent ? true : null;
        request.Headers.Add(RelayEndpoint.HopsHeader, hops.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(RelayEndpoint.SchemeHeader, context.Request.Scheme);
        request.Headers.Add(RelayEndpoint.RequestHeader, Base64Url.EncodeToString(client.Encode()));
        if (isQuestion)
        {
            request.Headers.Add(RelayEndpoint.QuestionHeader, "1");
        }

        return request;
    }

    private static bool HasBody(HttpContext context)
        => !RelayEndpoint.IsWithoutBody(context.Request.Method)
            && (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? context.Request.ContentLength > 0);

    private static async Task CopyAnswerAsync(HttpResponseMessage response, HttpContext context)
    {
        if (!CopyHead(response, context))
        {
            await AnswerBusyAsync(context, "The account's home region answers what is no HTTP.");
            return;
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

    /// <returns>False, and nothing is copied, where a part is one that no answer may have.</returns>
    private static bool CopyHead(HttpResponseMessage response, HttpContext context)
    {
        var head = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated).ToList();
        if ((int)response.StatusCode is < 200 or > 599
            || head.Exists(line => !HttpText.IsToken(line.Key) || !line.Value.All(HttpText.IsValue))
            || (head.Exists(line => line.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                && response.Content.Headers.ContentLength is null))
        {
            return false;
        }

        foreach (var (name, values) in InOrder(head, response).Where(line => !NotForClients.Contains(line.Key)))
        {
            context.Response.Headers[name] = new StringValues([.. values]);
        }

        context.Response.StatusCode = (int)response.StatusCode;
        if (response.Headers.NonValidated.Contains(RelayEndpoint.CloseHeader)
            && !HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        return true;
    }

    private static IEnumerable<KeyValuePair<string, HeaderStringValues>> InOrder(
        List<KeyValuePair<string, HeaderStringValues>> head, HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues(RelayEndpoint.OrderHeader, out var said))
        {
            return head;
        }

        var order = said.ToString().Split(',').Index().DistinctBy(name => name.Item, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(name => name.Item, name => name.Index, StringComparer.OrdinalIgnoreCase);
        return head.OrderBy(line => order.GetValueOrDefault(line.Key, int.MaxValue));
    }

    /// <summary>What the home said: by default an answer, which the client has got.</summary>
    /// <param name="IsServed">It was asked whether the request is its client's, and it is.</param>
    private readonly record struct Heard(bool IsServed, MovedOn? MovedOn);

    public static Task AnswerBusyAsync(HttpContext context, string message)
        => S3Answer.ErrorAsync(context, S3Answer.SlowDown(message));
}

/// <summary>The account's home is another region by now.</summary>
internal sealed record MovedOn(RegionName Home, long Epoch);
