using System.Net;
using Domicile.Control;

namespace Domicile.Server.Api;

/// <summary>What a browser sees at control's address: that it runs, and where to go on. Holds nothing of any account.</summary>
internal static class FrontPage
{
    private const string SecurityPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void Map(WebApplication app)
        => app.MapGet("/", (ControlDesk desk, HttpContext context) =>
        {
            context.Response.Headers.ContentSecurityPolicy = SecurityPolicy;
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            return TypedResults.Content(Page(desk.Name), "text/html; charset=utf-8");
        });

    private static string Page(string deployment)
        => $$"""
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Domicile · {{WebUtility.HtmlEncode(deployment)}}</title>
        <style>
          :root { color-scheme: light dark }
          body { font: 17px/1.6 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto 0; padding: 0 1.5rem }
          h1 { font-size: 1.35rem; font-weight: 600; margin: 0 }
          p { margin: .6rem 0 }
          .quiet { opacity: .7 }
          code { font: .9em ui-monospace, monospace }
        </style>
        <h1>Domicile</h1>
        <p>Control of the deployment <strong>{{WebUtility.HtmlEncode(deployment)}}</strong> runs here.</p>
        <p>Work with it by <code>domicile</code> on the command line, or by its <a href="{{ControlApi.DocumentPath}}">API</a>.</p>
        <p class="quiet">Every user's data has a home.</p>
        </html>
        """;
}
