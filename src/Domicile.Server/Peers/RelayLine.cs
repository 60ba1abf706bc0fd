namespace Domicile.Server.Peers;

/// <summary>
/// The clients' requests that this node relays to one region: so many at once, so many that wait, and none at all while the
/// link is broken. Of the places some are kept for clients that were served before: whoever has shown nothing yet, and whose
/// body may never end, doesn't make those wait.
/// </summary>
internal sealed class RelayLine(TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _places = new(PeerLimits.RelaysAtOnce);
    private readonly SemaphoreSlim _placesOfStrangers = new(PeerLimits.RelaysOfStrangersAtOnce);
    private int _waiting;
    private long _refused;

    public LinkBreaker Link { get; } = new(time);

    public int Running => PeerLimits.RelaysAtOnce - _places.CurrentCount;

    public int Waiting => Volatile.Read(ref _waiting);

    public long Refused => Interlocked.Read(ref _refused);

    /// <param name="isStranger">Nothing of the client's connection was served yet.</param>
    /// <returns>Null where the request must be refused. Dispose it when the answer's last byte has passed.</returns>
    public async ValueTask<RelayTurn?> EnterAsync(bool isStranger, CancellationToken cancellationToken)
    {
        if (await TryTakePlacesAsync(isStranger, cancellationToken))
        {
            if (Link.TryPass() is { } passed)
            {
                return new RelayTurn(this, passed, isStranger);
            }

            Leave(isStranger);
        }

        Interlocked.Increment(ref _refused);
        return null;
    }

    public void Leave(bool isStranger)
    {
        _places.Release();
        if (isStranger)
        {
            _placesOfStrangers.Release();
        }
    }

    public void Dispose()
    {
        _places.Dispose();
        _placesOfStrangers.Dispose();
    }

    private async ValueTask<bool> TryTakePlacesAsync(bool isStranger, CancellationToken cancellationToken)
    {
        if (isStranger && !await TryTakePlaceAsync(_placesOfStrangers, cancellationToken))
        {
            return false;
        }

        var isTaken = false;
        try
        {
            return isTaken = await TryTakePlaceAsync(_places, cancellationToken);
        }
        finally
        {
            if (isStranger && !isTaken)
            {
                _placesOfStrangers.Release();
            }
        }
    }

    private async ValueTask<bool> TryTakePlaceAsync(SemaphoreSlim places, CancellationToken cancellationToken)
    {
        if (await places.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            return true;
        }

        try
        {
            return Interlocked.Increment(ref _waiting) <= PeerLimits.RelaysWaitingMax && await WaitAsync(places, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task<bool> WaitAsync(SemaphoreSlim places, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(PeerLimits.RelayWaitMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await places.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}

/// <summary>One relayed request's place on the link, until it is disposed.</summary>
internal sealed class RelayTurn(RelayLine line, LinkTry passed, bool isStranger) : IDisposable
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

        line.Leave(isStranger);
    }
}
