using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Domicile.Server.S3.Wire;

/// <summary>A client's request as one node has it and as another takes it up.</summary>
internal static class ClientRequests
{
    public static ClientRequest Of(HttpContext context, RequestTarget target)
    {
        var request = context.Features.Get<IHttpRequestFeature>()!;
        var headers = request.Headers
            .Where(header => !header.Key.StartsWith(':'))
            .SelectMany(header => header.Value.Select(value => new HeaderLine(header.Key, value ?? "")));
        return new ClientRequest(
            request.Method, request.RawTarget, [.. headers], target.IsVirtualHosted ? target.Bucket : null);
    }

    /// <summary>The request as if it had come to a listener here; its answer goes nowhere.</summary>
    public static HttpContext Open(ClientRequest request, Stream body, CancellationToken cancellationToken)
    {
        var headers = new HeaderDictionary();
        foreach (var line in request.Headers)
        {
            headers[line.Name] = StringValues.Concat(headers[line.Name], line.Value);
        }

        var context = new DefaultHttpContext { RequestAborted = cancellationToken };
        context.Features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = request.Method,
            RawTarget = request.Target,
            Headers = headers,
            Protocol = HttpProtocol.Http11,
            Scheme = Uri.UriSchemeHttp,
            Body = body,
        });
        return context;
    }
}
