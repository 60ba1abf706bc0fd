using System.Globalization;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;

namespace Domicile.Server.Peers;

/// <summary>What control's peer listener answers to regions: the directory and the policy.</summary>
/// <param name="isMember">Of the config: a region taken out of it keeps its certificate, and gets nothing.</param>
/// <param name="since">The entries that changed after this counter, and the policy if its revision is newer.</param>
/// <param name="find">One account; null where control doesn't know it.</param>
internal sealed class ControlPeerEndpoints(
    PeerTls tls, SecurityLog security, Func<RegionName, bool> isMember, Func<long, long, DirectoryUpdate> since,
    Func<AccountId, DirectoryEntry?> find)
{
    public Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        const string accounts = "/peer/v1/accounts/";
        var caller = tls.IdentityOf(context);
        if (caller is not PeerIdentity.Region(var region) || !isMember(region))
        {
            security.Record(SecurityEvent.PeerRefused, SecuritySource.Of(caller), "notAllowed");
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }

        PeerHeader.Say(context);
        if (PeerHeader.TroubleOf(context, self: "control", $"{caller}") is { } trouble)
        {
            context.Response.StatusCode = StatusCodes.Status409Conflict;
            return context.Response.WriteAsJsonAsync(
                new PeerRefusal(trouble), MovesJson.Default.PeerRefusal, cancellationToken: context.RequestAborted);
        }

        if (path == "/peer/v1/directory")
        {
            return context.Response.WriteAsJsonAsync(
                since(Number(context, "since"), Number(context, "policy")), MovesJson.Default.DirectoryUpdate,
                cancellationToken: context.RequestAborted);
        }

        if (path.StartsWith(accounts, StringComparison.Ordinal)
            && AccountId.TryParse(path[accounts.Length..], out var account) && find(account) is { } entry)
        {
            return context.Response.WriteAsJsonAsync(
                entry, MovesJson.Default.DirectoryEntry, cancellationToken: context.RequestAborted);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static long Number(HttpContext context, string name)
        => long.TryParse(context.Request.Query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;
}
