using System.Globalization;
using Domicile.Control;
using Domicile.Deployments;

namespace Domicile.Server.Api;

/// <summary>
/// Lets through who shows a token (RFC 6750) of <see cref="TokenBook"/>. Everything under the API's root asks for one but
/// its description; what isn't there asks too, so that nobody without a token learns what there is.
/// </summary>
internal sealed class ApiTokens(RequestDelegate next, ControlDesk desk, TokenThrottle throttle, SecurityLog security)
{
    private const string Scheme = "Bearer ";

    public Task InvokeAsync(HttpContext context)
    {
        var isOpen = !context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
            || context.Request.Path.Equals(ControlApi.DocumentPath, StringComparison.Ordinal);
        if (isOpen)
        {
            return next(context);
        }

        context.Response.Headers.CacheControl = "no-store";
        var source = SecuritySource.Of(context.Connection.RemoteIpAddress);
        if (TokenOf(context.Request) is not { } token)
        {
            security.Record(SecurityEvent.TokenFailed, source, "noToken");
            return RefuseAsync(context);
        }

        if (throttle.WaitOf(source.Group) is { } wait)
        {
            security.Record(SecurityEvent.TokenThrottled, source, "tooManyFailures");
            return HoldOffAsync(context, wait);
        }

        if (desk.Tokens.Find(token) is not { } label)
        {
            throttle.Fail(source.Group);
            security.Record(SecurityEvent.TokenFailed, source, "unknownToken");
            return RefuseAsync(context);
        }

        context.Items[Answers.OperatorKey] = label;
        return next(context);
    }

    private static string? TokenOf(HttpRequest request)
        => request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? header[Scheme.Length..].Trim() : null;

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"domicile\"";
        return new ApiProblem(
            StatusCodes.Status401Unauthorized, "the request shows no token that control knows",
            "send the header 'Authorization: Bearer TOKEN'; the first token is in DIR/control/token").ExecuteAsync(context);
    }

    private static Task HoldOffAsync(HttpContext context, TimeSpan wait)
    {
        var seconds = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers.RetryAfter = seconds;
        return new ApiProblem(
            StatusCodes.Status429TooManyRequests, "too many tokens that control doesn't know came from your address",
            $"wait {seconds} s, then check the token; others are served meanwhile").ExecuteAsync(context);
    }
}
