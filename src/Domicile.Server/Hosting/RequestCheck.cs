using Domicile.Server.Hosting.StrictHttp;
using Microsoft.AspNetCore.Http.Features;

namespace Domicile.Server.Hosting;

/// <summary>
/// What every request must be before an application sees it, by whichever version of HTTP it came. HTTP/1.1 was read
/// strictly already; of HTTP/2 the server leaves open what a target and a header may hold.
/// </summary>
internal static class RequestCheck
{
    /// <summary>An application that is asked only what passes.</summary>
    public static RequestDelegate Before(RequestDelegate application)
        => context =>
        {
            if (Refusal(context) is not { } status)
            {
                return application(context);
            }

            context.Response.StatusCode = status;
            context.Response.ContentLength = 0;
            if (!HttpProtocol.IsHttp2(context.Request.Protocol))
            {
                context.Response.Headers.Connection = "close";
            }

            return Task.CompletedTask;
        };

    /// <returns>The status to answer; null where nothing is wrong.</returns>
    public static int? Refusal(HttpContext context)
    {
        var request = context.Request;
        if (HttpProtocol.IsHttp2(request.Protocol) && !IsWellFormed(context))
        {
            return StatusCodes.Status400BadRequest;
        }

        // RFC 9110, 10.1.1.
        return request.Headers.Expect is { Count: > 0 } expect
            && !(expect.Count == 1 && string.Equals(expect[0], "100-continue", StringComparison.OrdinalIgnoreCase))
            ? StatusCodes.Status417ExpectationFailed
            : null;
    }

    // RFC 9113, 8.2.1 and 8.3.1.
    private static bool IsWellFormed(HttpContext context)
    {
        var request = context.Request;
        if (!HeadGrammar.IsTarget(context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "")
            || request.Headers.Host is not [{ Length: > 0 }])
        {
            return false;
        }

        foreach (var (name, values) in request.Headers)
        {
            if (!HeadGrammar.IsToken(name.AsSpan(name.StartsWith(':') ? 1 : 0)))
            {
                return false;
            }

            foreach (var value in values)
            {
                if (!HeadGrammar.IsFieldValue(value))
                {
                    return false;
                }
            }
        }

        return true;
    }
}
