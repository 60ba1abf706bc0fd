using System.Collections.Concurrent;
using Domicile.Accounts;
using Domicile.Deployments;

namespace Domicile.Server.Peers;

/// <summary>Connections to the deployment's other processes, one pool for each.</summary>
internal sealed class PeerClients(PeerTls tls, Endpoints endpoints) : IDisposable
{
    private readonly ConcurrentDictionary<PeerIdentity, HttpMessageInvoker> _invokers = new();

    public Uri AddressOf(RegionName region) => endpoints.Regions[region].Peer;

    public Uri ControlAddress => endpoints.Control.Peer;

    public HttpMessageInvoker InvokerOf(RegionName region) => InvokerOf(new PeerIdentity.Region(region));

    public HttpMessageInvoker InvokerOfControl => InvokerOf(new PeerIdentity.Control());

    /// <summary>
    /// A question to it got no answer: its pooled connections may be as dead as that one, and nothing would say so but one
    /// silence after the other. From now on it is asked over new ones; those that are in use end by themselves.
    /// </summary>
    public void Renew(RegionName region) => _invokers.TryRemove(new PeerIdentity.Region(region), out _);

    /// <inheritdoc cref="Renew"/>
    public void RenewControl() => _invokers.TryRemove(new PeerIdentity.Control(), out _);

    public void Dispose()
    {
        foreach (var invoker in _invokers.Values)
        {
            invoker.Dispose();
        }
    }

    private HttpMessageInvoker InvokerOf(PeerIdentity identity)
        => _invokers.GetOrAdd(identity, one => new HttpMessageInvoker(new ConnectionErrors(tls.CreateHandler(one))));
}
