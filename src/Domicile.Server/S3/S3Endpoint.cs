using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Server.Peers;
using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Signing;
using Domicile.Server.S3.Wire;
using Microsoft.AspNetCore.Http.Features;
using Route = Domicile.Moves.Route;

namespace Domicile.Server.S3;

/// <summary>
/// The S3 protocol over HTTP. A request is:
/// <list type="number">
/// <item>understood: its target and query name an operation;</item>
/// <item>traced to its account, whose id is inside the access key id;</item>
/// <item>routed: relayed, redirected, refused, or served here. Nothing of its body has been read so far;</item>
/// <item>authenticated with the credential of the copy here (AWS Signature Version 4);</item>
/// <item>run.</item>
/// </list>
/// </summary>
internal sealed partial class S3Endpoint(
    AccountGateway gateway, RequestForwarder forwarder, S3Options options, SecurityLog security, TimeProvider time,
    ILogger<S3Endpoint> log)
{
    // For a machine that has no thread free to tell it.
    private static readonly TimeSpan GoneToldMax = TimeSpan.FromSeconds(5);

    // COR_E_IO: of a stream. What the system's own calls fail with has its error's number.
    private const int StreamFailed = unchecked((int)0x80131620);

    private readonly string _hostId = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(options.Region.Value)));

    [SuppressMessage("Design", "CA1031", Justification = "The last place where a bug can still become an answer.")]
    public async Task HandleAsync(HttpContext context)
    {
        Begin(context);
        try
        {
            if (await ServeAsync(context) is { } error)
            {
                await S3Answer.ErrorAsync(context, error);
            }
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone: nobody is there to answer.
        }
        catch (StorageFullException full)
        {
            LogStorageFull(log, RequestId(context), full);
            await FailAsync(context, S3Error.Of("InsufficientStorage"));
        }
        catch (StorageUnreadableException damaged)
        {
            LogDamage(log, damaged.WithNext);
            await FailAsync(context, S3Error.Of("AccountProblem"));
        }
        catch (BadHttpRequestException broken)
        {
            await FailAsync(context, RequestBody.ErrorOf(broken));
        }
        catch (Exception failure)
        {
            if (failure is IOException { HResult: StreamFailed } && await IsGoneAsync(context))
            {
                return;
            }

            LogFailure(log, RequestId(context), failure);
            await FailAsync(context, S3Error.Of("InternalError"));
        }
    }

    // Of a stream of HTTP/2 that its client resets, whoever reads the body hears before the request is told.
    private async Task<bool> IsGoneAsync(HttpContext context)
    {
        await Task.Delay(GoneToldMax, time, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return context.RequestAborted.IsCancellationRequested;
    }

    private void Begin(HttpContext context)
    {
        // Request ids are no secret, but must not repeat across nodes.
        context.Response.Headers[S3Answer.RequestIdHeader] = Convert.ToHexString(RandomNumberGenerator.GetBytes(8));
        context.Response.Headers[S3Answer.HostIdHeader] = _hostId;
        if (context.Request is { ContentLength: 0, Headers.Expect.Count: > 0 } && !HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            // Without content there is no "100 Continue" (RFC 9110 10.1.1). botocore would take this answer's status for
            // that of the connection's next request, and wait for a minute.
            context.Response.Headers.Connection = "close";
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // S3's own limits hold instead, see S3Limits.
            limit.MaxRequestBodySize = null;
        }
    }

    private async Task<S3Error?> ServeAsync(HttpContext context)
    {
        // :: Step 1: understand.
        var headers = context.Request.Headers;
        if (RequestHeads.Check(headers) is { } malformed)
        {
            return malformed;
        }

        if (ReadTarget(context).Failed(out var error, out var target)
            || OperationTable.Find(context.Request.Method, target, headers).Failed(out error, out var operation))
        {
            return error;
        }

        // :: Step 2: find the account.
        if (!SignatureClaim.IsPresent(headers, target.Query))
        {
            return S3Error.Of("AccessDenied");
        }

        if (SignatureClaim.Parse(headers, target.Query).Failed(out error, out var claim))
        {
            return error;
        }

        if (!AccessKey.TryGetAccount(claim.AccessKeyId, out var account))
        {
            return UnknownKey(context, claim, "malformedKey");
        }

        // :: Step 3: route.
        return await RouteAsync(context, target, operation, claim, account);
    }

    private Outcome<RequestTarget> ReadTarget(HttpContext context)
    {
        var rawTarget = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var host = context.Request.Headers.Host;
        return Relayed.Of(context) is { } relayed
            ? RequestTarget.Parse(rawTarget, host, options.VirtualHosts, relayed.HostBucket)
            : RequestTarget.Parse(rawTarget, host, options.VirtualHosts);
    }

    private async Task<S3Error?> RouteAsync(
        HttpContext context, RequestTarget target, Operation operation, SignatureClaim claim, AccountId account)
    {
        for (var turn = 0; turn < RelayEndpoint.HopsMax; turn++)
        {
            switch (await gateway.RouteAsync(account, operation.IsWrite, Relayed.Of(context)?.By, context.RequestAborted))
            {
                case Route.Here here:
                    await using (here.Copy)
                    {
                        return await ServeUntilCutAsync(context, target, operation, claim, here.Copy);
                    }

                case Route.Forward forward:
                    if (await forwarder.ForwardAsync(context, target.HostBucket, forward.Home) is not { } moved)
                    {
                        return null;
                    }

                    await gateway.LearnAsync(account, forward.Home, moved.Home, moved.Epoch, context.RequestAborted);
                    break;

                case Route.Redirect redirect:
                    return Redirect(context, target, redirect);
                case Route.Forbidden:
                    // Nobody has proven anything yet: that there is such an account, and a rule for it, is not theirs to know.
                    return UnknownKey(context, claim, "notServedHere", account);
                case Route.Busy busy:
                    return S3Answer.SlowDown(busy.Reason);
                case Route.Damaged damaged:
                    return Damaged(account, damaged.Reason);
                default:
                    return UnknownKey(context, claim, "noSuchAccount");
            }
        }

        return S3Answer.SlowDown("The account is moving faster than the request.");
    }

    // An account that is erased here cuts who still reads it or writes into it: at the socket, whatever the client does.
    private async Task<S3Error?> ServeUntilCutAsync(
        HttpContext context, RequestTarget target, Operation operation, SignatureClaim claim, AccountCopy copy)
    {
        await using var cutting = copy.Cut.UnsafeRegister(static one => ((HttpContext)one!).Abort(), context);
        try
        {
            return await ServeHereAsync(context, target, operation, claim, copy);
        }
        catch (OperationCanceledException) when (copy.Cut.IsCancellationRequested)
        {
            context.Abort();
            return null;
        }
        catch (StorageUnreadableException damaged)
        {
            gateway.Damages.Met(copy.Account, damaged.WithNext);
            throw;
        }
    }

    private async Task<S3Error?> ServeHereAsync(
        HttpContext context, RequestTarget target, Operation operation, SignatureClaim claim, AccountCopy copy)
    {
        // :: Step 4: authenticate.
        var now = time.GetUtcNow();
        if ((await Authentication.CheckAsync(context, target, claim, copy, now)).Failed(out var error, out var signature))
        {
            if (error.Code == "InvalidAccessKeyId")
            {
                var wasRevoked = await copy.WasRevokedAsync(claim.AccessKeyId, context.RequestAborted);
                security.Record(
                    wasRevoked ? SecurityEvent.KeyRevoked : SecurityEvent.KeyUnknown, context.SourceOf(),
                    wasRevoked ? "revokedKey" : "noSuchKey", copy.Account);
                return error;
            }

            security.Record(SecurityEvent.SignatureFailed, context.SourceOf(), error.Code, copy.Account);
            return error;
        }

        if (Relayed.Of(context) is { IsQuestion: true })
        {
            signature.Key.Dispose();
            RelayEndpoint.SayServed(context);
            return null;
        }

        // :: Step 5: run.
        using var exchange = new S3Exchange(context, target, signature, now, copy, gateway, options);
        try
        {
            return await operation.RunAsync(exchange);
        }
        catch (ContentCorruptException corrupt)
        {
            var requestId = RequestId(context);
            gateway.Damages.Met(copy.Account, corrupt.Message);
            LogCorruption(log, operation.Name, copy.Account, requestId, corrupt);
            await FailAsync(context, S3Error.Of("InternalError"));
            return null;
        }
    }

    // Said once, not for each request of a client that tries again.
    private S3Error Damaged(AccountId account, string reason)
    {
        if (gateway.Damages.IsNew(account, reason))
        {
            LogDamage(log, reason);
        }

        return S3Error.Of("AccountProblem");
    }

    private S3Error UnknownKey(HttpContext context, SignatureClaim claim, string reason, AccountId? account = null)
    {
        security.Record(SecurityEvent.KeyUnknown, context.SourceOf(), reason, account);
        return Authentication.UnknownKey(claim);
    }

    private static S3Error Redirect(HttpContext context, RequestTarget target, Route.Redirect redirect)
    {
        var bucket = target.IsVirtualHosted ? "/" + target.Bucket : "";
        var location = redirect.Endpoint.GetLeftPart(UriPartial.Authority) + bucket + target.RawPath
            + context.Request.QueryString.Value;
        var error = S3Error.Of("TemporaryRedirect")
            .WithHeader("Location", location)
            .WithHeader("x-amz-bucket-region", redirect.Home.Value)
            .WithDetail("Endpoint", redirect.Endpoint.Authority)
            .WithDetail("Region", redirect.Home.Value);
        if (Relayed.Of(context) is not null && !redirect.IsFinal)
        {
            // The region that relayed the request may be one through which content passes: it goes on from there.
            error = error.WithHeader(RequestForwarder.HomeHeader, redirect.Home.Value)
                .WithHeader(RequestForwarder.EpochHeader, redirect.Epoch.ToString(CultureInfo.InvariantCulture));
        }

        return target.Bucket.Length > 0 ? error.WithDetail("Bucket", target.Bucket) : error;
    }

    /// <summary>Answers an error, or, where half of an answer is out already, breaks the connection: else it would look whole.</summary>
    private static async Task FailAsync(HttpContext context, S3Error error)
    {
        if (context.Response.HasStarted || context.Response.BodyWriter is { CanGetUnflushedBytes: true, UnflushedBytes: > 0 })
        {
            context.Abort();
            return;
        }

        var kept = new[] { S3Answer.RequestIdHeader, S3Answer.HostIdHeader }
            .Select(name => (Name: name, Value: context.Response.Headers[name])).ToList();
        context.Response.Headers.Clear();
        kept.ForEach(header => context.Response.Headers[header.Name] = header.Value);
        await S3Answer.ErrorAsync(context, error);
    }

    private static string RequestId(HttpContext context) => context.Response.Headers[S3Answer.RequestIdHeader].ToString();

    [LoggerMessage(Level = LogLevel.Error, Message = "S3 request {RequestId} failed")]
    private static partial void LogFailure(ILogger log, string requestId, Exception failure);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "S3 request {RequestId} changed nothing: the storage is full. Free space or enlarge it.")]
    private static partial void LogStorageFull(ILogger log, string requestId, Exception failure);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Damage} Its clients are answered AccountProblem until then.")]
    private static partial void LogDamage(ILogger log, string damage);

    [LoggerMessage(Level = LogLevel.Critical,
        Message = "{Operation} of account {Account}: stored content is corrupt (request {RequestId}). "
            + "Check the disk, then run a deep verification of the account.")]
    private static partial void LogCorruption(
        ILogger log, string operation, AccountId account, string requestId, Exception failure);
}
