using Domicile.Accounts;

namespace Domicile.Server.Peers;

/// <summary>
/// Relays a client's request, untouched and still signed by the client, to the account's home over the regions'
/// mutually authenticated link, and its answer back. Bodies stream both ways.
/// </summary>
internal sealed class RequestForwarder
{
    /// <summary>Header of a relayed request: how many nodes it has passed. At most <see cref="HopsMax"/>.</summary>
    public const string HopsHeader = "x-domicile-hops";

    public const int HopsMax = 3;

    /// <summary>Relays the request and writes the answer. Throws only when the client is gone or the link breaks mid-answer.</summary>
    public Task ForwardAsync(HttpContext context, RegionName home) => throw new NotImplementedException();
}
