namespace Domicile.Server.Peers;

/// <summary>
/// The clients' requests that this node relays to one region: so many at once, so many that wait, and none at all while the
/// link is broken.
/// </summary>
internal sealed class RelayLine(TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _places = new(PeerLimits.RelaysAtOnce);
    private int _waiting;
    private long _refused;

    public LinkBreaker Link { get; } = new(time);

    public int Running => PeerLimits.RelaysAtOnce - _places.CurrentCount;

    public int Waiting => Volatile.Read(ref _waiting);

    public long Refused => Interlocked.Read(ref _refused);

    /// <returns>Null where the request must be refused. Dispose it when the answer's last byte has passed.</returns>
    public async ValueTask<RelayTurn?> EnterAsync(CancellationToken cancellationToken)
    {
        if (await TryTakePlaceAsync(cancellationToken))
        {
            if (Link.TryPass() is { } passed)
            {
                return new RelayTurn(this, passed);
            }

            _places.Release();
        }

        Interlocked.Increment(ref _refused);
        return null;
    }

    public void Leave() => _places.Release();

    public void Dispose() => _places.Dispose();

    private async ValueTask<bool> TryTakePlaceAsync(CancellationToken cancellationToken)
    {
        if (await _places.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            return true;
        }

        try
        {
            return Interlocked.Increment(ref _waiting) <= PeerLimits.RelaysWaitingMax && await WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(PeerLimits.RelayWaitMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _places.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}

/// <summary>One relayed request's place on the link, until it is disposed.</summary>
internal sealed class RelayTurn(RelayLine line, LinkTry passed) : IDisposable
{
    private bool _isTold;
    private bool _isDisposed;

    /// <summary>The answer's headers are there.</summary>
    public void Succeeded()
    {
        _isTold = true;
        line.Link.Succeeded();
    }

    /// <summary>No connection, or silence where the client had nothing more to say.</summary>
    public void Failed()
    {
        _isTold = true;
        line.Link.Failed(passed);
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_isTold)
        {
            line.Link.Abandoned(passed);
        }

        line.Leave();
    }
}
