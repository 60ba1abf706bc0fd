using System.Net;
using Domicile.Deployments;

namespace Domicile.Server.Hosting;

/// <summary>URLs of listeners as addresses to bind.</summary>
internal static class Listeners
{
    public static IPEndPoint EndPointOf(Uri listen) => new(Listener.AddressOf(listen)!, listen.Port);
}
