using Domicile.Control;

namespace Domicile.Server.Api;

/// <summary>
/// Lets through who shows a token (RFC 6750) of <see cref="TokenBook"/>. Everything under the API's root asks for one but
/// its description; what isn't there asks too, so that nobody without a token learns what there is.
/// </summary>
internal sealed class ApiTokens(RequestDelegate next, ControlDesk desk)
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
        if (FindOperator(context.Request) is not { } label)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"domicile\"";
            return new ApiProblem(
                StatusCodes.Status401Unauthorized, "the request shows no token that control knows",
                "send the header 'Authorization: Bearer TOKEN'; the first token is in DIR/control/token").ExecuteAsync(context);
        }

        context.Items[Answers.OperatorKey] = label;
        return next(context);
    }

    private string? FindOperator(HttpRequest request)
        => request.Headers.Authorization is [{ } header]
            && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? desk.Tokens.Find(header[Scheme.Length..].Trim()) : null;
}
