using Domicile.Moves;

namespace Domicile.Server.Hosting;

/// <summary>
/// The management listener of every process: <c>/health/live</c>, <c>/health/ready</c> and <c>/metrics</c>. Only there:
/// on the S3 listener the same paths are buckets.
/// </summary>
internal static class Management
{
    public static void Map(WebApplication app, Func<string> metrics) => app.Run(context => AnswerAsync(context, app, metrics));

    private static Task AnswerAsync(HttpContext context, WebApplication app, Func<string> metrics)
    {
        var isReady = app.Lifetime.ApplicationStarted.IsCancellationRequested
            && !app.Lifetime.ApplicationStopping.IsCancellationRequested;
        var (status, type, body) = context.Request.Path.Value switch
        {
            "/health/live" => (StatusCodes.Status200OK, "text/plain", "live\n"),
            "/health/ready" when isReady => (StatusCodes.Status200OK, "text/plain", "ready\n"),
            "/health/ready" => (StatusCodes.Status503ServiceUnavailable, "text/plain", "not ready\n"),
            "/metrics" => (StatusCodes.Status200OK, "text/plain; version=0.0.4", metrics()),
            _ => (StatusCodes.Status404NotFound, "text/plain", "There is /health/live, /health/ready and /metrics.\n"),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.Headers[PeerProtocol.HeaderName] = PeerProtocol.Own.Header;
        return context.Response.WriteAsync(body, context.RequestAborted);
    }
}
