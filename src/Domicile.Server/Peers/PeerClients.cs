using System.Collections.Concurrent;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;

namespace Domicile.Server.Peers;

/// <summary>
/// Connections to the deployment's other processes: for each a bounded pool per <see cref="PeerLane"/>, whatever is asked over
/// it, and for clients' requests a bounded line before it.
/// </summary>
/// <param name="open">A handler whose connections lead to that process and to no other: <see cref="PeerTls"/>'s.</param>
/// <param name="control">Control's peer address.</param>
/// <param name="find">A region's peer address, as it is now; null where there is no such region.</param>
/// <param name="self">This process.</param>
internal sealed class PeerClients(
    PeerIdentity self, Func<PeerIdentity, SocketsHttpHandler> open, Uri control, Func<RegionName, Uri?> find, TimeProvider time)
    : IDisposable
{
    private static readonly PeerIdentity Control = new PeerIdentity.Control();

    // A region that gets another address gets other pools; what is under way on the former ones ends there.
    private readonly ConcurrentDictionary<(PeerIdentity Peer, PeerLane Lane, string Authority), PeerPool> _pools = new();
    private readonly ConcurrentDictionary<RegionName, RelayLine> _relays = new();

    // By its last answer.
    private readonly ConcurrentDictionary<PeerIdentity, PeerProtocol> _protocols = new();
    private volatile bool _isDisposed;

    public Uri ControlAddress => control;

    /// <summary>For each region that something was relayed to.</summary>
    public IEnumerable<(RegionName Region, RelayLine Line)> Relays
        => _relays.OrderBy(one => one.Key.Value, StringComparer.Ordinal).Select(one => (one.Key, one.Value));

    /// <summary>Null: no region of the deployment has this name.</summary>
    public Uri? FindAddress(RegionName region) => find(region);

    /// <exception cref="RegionUnreachableException">No region of the deployment has this name.</exception>
    public Uri AddressOf(RegionName region)
        => find(region) ?? throw new RegionUnreachableException(region, "it is no region of this deployment.");

    /// <summary>What a region speaks by its last answer; this build's own before.</summary>
    public PeerProtocol ProtocolOf(RegionName region)
        => _protocols.GetValueOrDefault(new PeerIdentity.Region(region), PeerProtocol.Own);

    /// <summary>Returns when the answer's headers are there; its body streams.</summary>
    /// <exception cref="RegionIncompatibleException">It is of a release with which this one has no version in common.</exception>
    public Task<HttpResponseMessage> SendAsync(
        RegionName region, PeerLane lane, HttpRequestMessage request, CancellationToken cancellationToken)
        => SendAsync(new PeerIdentity.Region(region), lane, request, cancellationToken);

    /// <inheritdoc cref="SendAsync(RegionName, PeerLane, HttpRequestMessage, CancellationToken)"/>
    /// <exception cref="HttpRequestException">The same of control.</exception>
    public Task<HttpResponseMessage> SendToControlAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => SendAsync(Control, PeerLane.Control, request, cancellationToken);

    /// <summary>
    /// A place for a client's request on the link to a region. Waits for one, boundedly; the request's body is better unread
    /// until then.
    /// </summary>
    /// <returns>Null: answer 503 SlowDown.</returns>
    public ValueTask<RelayTurn?> EnterRelayAsync(RegionName region, bool isStranger, CancellationToken cancellationToken)
        => _relays.GetOrAdd(region, _ => new RelayLine(time)).EnterAsync(isStranger, cancellationToken);

    /// <summary>
    /// Sends the client's request in its turn, and notes what that says of the link. Silence is the caller's to note: it knows
    /// for what the peer may have waited.
    /// </summary>
    public async Task<HttpResponseMessage> RelayAsync(
        RegionName region, RelayTurn turn, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await SendAsync(region, PeerLane.Relays, request, cancellationToken);
            turn.Succeeded();
            return response;
        }
        catch (HttpRequestException e) when (e.HttpRequestError
            is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError)
        {
            turn.Failed();
            throw;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            turn.Failed(); // No connection in time.
            throw;
        }
    }

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

        foreach (var line in _relays.Values)
        {
            line.Dispose();
        }
    }

    private void Renew(PeerIdentity identity)
    {
        foreach (var key in _pools.Keys.Where(one => one.Peer == identity))
        {
            if (_pools.TryRemove(key, out var pool))
            {
                pool.Dispose();
            }
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        PeerIdentity identity, PeerLane lane, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Add(PeerProtocol.HeaderName, PeerProtocol.Own.Header);

        // A pool that is found here and disposed before it is used has a successor.
        while (true)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            var address = identity is PeerIdentity.Region(var region) ? find(region) : control;
            if (address?.Authority != request.RequestUri!.Authority)
            {
                // It has changed since the caller looked, or the caller has it from elsewhere.
                throw new HttpRequestException(
                    HttpRequestError.ConnectionError, $"{request.RequestUri.Authority} is not where {identity} is.");
            }

            var pool = _pools.GetOrAdd(
                (identity, lane, address.Authority), (one, at) => Open(one.Peer, one.Lane, at), address);
            if (pool.TryEnter())
            {
                var response = await pool.SendAsync(request, cancellationToken);
                return lane == PeerLane.Relays ? response : Heard(identity, response);
            }
        }
    }

    private HttpResponseMessage Heard(PeerIdentity peer, HttpResponseMessage response)
    {
        var header = response.Headers.NonValidated.TryGetValues(PeerProtocol.HeaderName, out var said) ? said.ToString() : null;
        if (PeerProtocol.TroubleOf($"{self}", $"{peer}", header) is { } trouble)
        {
            response.Dispose();
            throw peer is PeerIdentity.Region(var region)
                ? new RegionIncompatibleException(region, trouble) : new HttpRequestException(trouble);
        }

        _protocols[peer] = header is null ? PeerProtocol.Unsaid : PeerProtocol.TryParse(header)!.Value;
        return response;
    }

    private PeerPool Open(PeerIdentity identity, PeerLane lane, Uri address)
    {
        var handler = open(identity);
        handler.MaxConnectionsPerServer = PeerLimits.ConnectionsMax(lane);
        return new PeerPool(new ConnectionErrors(handler), address);
    }
}
