using Domicile.Deployments;

namespace Domicile.Server.Peers;

/// <summary>Whom the security log names as a request's source: the region that relayed it, else the client's address.</summary>
internal static class RequestSources
{
    private static readonly object Key = new();

    public static SecuritySource SourceOf(this HttpContext context)
        => context.Items.TryGetValue(Key, out var peer) ? (SecuritySource)peer! : SecuritySource.Of(context.Connection.RemoteIpAddress);

    public static void SetSource(this HttpContext context, PeerIdentity peer) => context.Items[Key] = SecuritySource.Of(peer);
}
