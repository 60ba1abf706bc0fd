using System.Diagnostics.CodeAnalysis;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Server.S3.Signing;
using Domicile.Server.S3.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Domicile.Server.S3;

/// <summary>
/// Runs an S3 request that another region hands over, by the same code as one that its client sends here: what the region
/// says of it counts for nothing.
/// </summary>
internal sealed class RequestReplay(S3Options options) : IRequestReplay
{
    public string? SignatureOf(AccountId account, ReadOnlyMemory<byte> head)
        => TryRead(account, head, Stream.Null, CancellationToken.None, out var read) ? read.Claim.Signature : null;

    public async Task<ReplayRefusal?> RunAsync(
        AccountCopy copy, ReadOnlyMemory<byte> head, Stream body, DateTimeOffset asOf, IAccountWrites writes,
        CancellationToken cancellationToken)
    {
        if (!TryRead(copy.Account, head, body, cancellationToken, out var read))
        {
            return new ReplayRefusal("AccessDenied", null, IsForged: true);
        }

        var (context, target, operation, claim) = read;
        if ((await Authentication.CheckAsync(context, target, claim, copy, asOf)).Failed(out var error, out var signature))
        {
            return new ReplayRefusal(error.Code, error.Message, IsForged: true);
        }

        using var exchange = new S3Exchange(context, target, signature, asOf, copy, writes, options);
        return await operation.RunAsync(exchange) is { } refusal
            ? new ReplayRefusal(refusal.Code, refusal.Message, IsForged: false)
            : null;
    }

    private bool TryRead(
        AccountId account, ReadOnlyMemory<byte> head, Stream body, CancellationToken cancellationToken,
        [NotNullWhen(true)] out Read? read)
    {
        read = null;
        if (ClientRequest.TryDecode(head.Span) is not { } request)
        {
            return false;
        }

        var context = Open(request, body, cancellationToken);
        var headers = context.Request.Headers;
        if (RequestTarget.Parse(request.Target, headers.Host, options.VirtualHosts).Failed(out _, out var target)
            || target.HostBucket != request.HostBucket || RequestHeads.Check(headers) is not null
            || OperationTable.Find(request.Method, target, headers).Failed(out _, out var operation) || !operation.IsWrite
            || !SignatureClaim.IsPresent(headers, target.Query)
            || SignatureClaim.Parse(headers, target.Query).Failed(out _, out var claim)
            || !AccessKey.TryGetAccount(claim.AccessKeyId, out var owner) || owner != account)
        {
            return false;
        }

        read = new Read(context, target, operation, claim);
        return true;
    }

    // As if it had come to a listener here; its answer goes nowhere.
    private static DefaultHttpContext Open(ClientRequest request, Stream body, CancellationToken cancellationToken)
    {
        var context = new DefaultHttpContext { RequestAborted = cancellationToken };
        context.Features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = request.Method,
            RawTarget = request.Target,
            Headers = request.ToHeaders(),
            Protocol = HttpProtocol.Http11,
            Scheme = Uri.UriSchemeHttp,
            Body = body,
        });
        return context;
    }

    private sealed record Read(HttpContext Context, RequestTarget Target, Operation Operation, SignatureClaim Claim);
}
