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

    public void Dispose()
    {
        foreach (var invoker in _invokers.Values)
        {
            invoker.Dispose();
        }
    }

    private HttpMessageInvoker InvokerOf(PeerIdentity identity)
        => _invokers.GetOrAdd(identity, one => new HttpMessageInvoker(tls.CreateHandler(one)));
}
