using System.Collections.Concurrent;
using Domicile.Accounts;
using Domicile.Deployments;

namespace Domicile.Server.Peers;

/// <summary>Connections to the deployment's other processes, one pool for each.</summary>
/// <param name="open">A handler whose connections lead to that process and to no other: <see cref="PeerTls"/>'s.</param>
internal sealed class PeerClients(Func<PeerIdentity, HttpMessageHandler> open, Endpoints endpoints) : IDisposable
{
    private static readonly PeerIdentity Control = new PeerIdentity.Control();

    private readonly ConcurrentDictionary<PeerIdentity, PeerPool> _pools = new();
    private volatile bool _isDisposed;

    public Uri ControlAddress => endpoints.Control.Peer;

    public Uri AddressOf(RegionName region) => endpoints.Regions[region].Peer;

    /// <summary>Returns when the answer's headers are there; its body streams.</summary>
    public Task<HttpResponseMessage> SendAsync(
        RegionName region, HttpRequestMessage request, CancellationToken cancellationToken)
        => SendAsync(new PeerIdentity.Region(region), request, cancellationToken);

    /// <inheritdoc cref="SendAsync(RegionName, HttpRequestMessage, CancellationToken)"/>
    public Task<HttpResponseMessage> SendToControlAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => SendAsync(Control, request, cancellationToken);

    /// <summary>
    /// A question to it got no answer: its pooled connections may be as dead as that one, and nothing would say so but one
    /// silence after the other. From now on it is asked over new ones; those that are in use end with what they carry.
    /// </summary>
    public void Renew(RegionName region) => Renew(new PeerIdentity.Region(region));

    /// <inheritdoc cref="Renew(RegionName)"/>
    public void RenewControl() => Renew(Control);

    public void Dispose()
    {
        _isDisposed = true;
        foreach (var pool in _pools.Values)
        {
            pool.Dispose();
        }
    }

    private void Renew(PeerIdentity identity)
    {
        if (_pools.TryRemove(identity, out var pool))
        {
            pool.Dispose();
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        PeerIdentity identity, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // A pool that is found here and disposed before it is used has a successor.
        while (true)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            var pool = _pools.GetOrAdd(identity, one => new PeerPool(new ConnectionErrors(open(one))));
            if (pool.TryEnter())
            {
                return await pool.SendAsync(request, cancellationToken);
            }
        }
    }
}
