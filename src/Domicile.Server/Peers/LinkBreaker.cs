namespace Domicile.Server.Peers;

/// <summary>
/// Whether a link is worth a request. After <see cref="PeerLimits.RelayFailuresMax"/> failures in a row it is broken: requests
/// are refused at once instead of each waiting until it has failed by itself, and now and then one is let through to see. The
/// first success mends it.
/// </summary>
internal sealed class LinkBreaker(TimeProvider time)
{
    private readonly Lock _gate = new();

    // All below under _gate.
    private int _failures;
    private TimeSpan _delay;
    private Deadline _nextTry;

    public bool IsBroken
    {
        get
        {
            lock (_gate)
            {
                return _failures >= PeerLimits.RelayFailuresMax;
            }
        }
    }

    /// <returns>Null where the request is to be refused. Else its outcome must be told.</returns>
    public LinkTry? TryPass()
    {
        lock (_gate)
        {
            if (_failures < PeerLimits.RelayFailuresMax)
            {
                return LinkTry.Ordinary;
            }

            if (!_nextTry.IsOver)
            {
                return null;
            }

            // One at a time; if nothing becomes of it for long, the next one.
            _nextTry = new Deadline(time, PeerLimits.BrokenMax);
            return LinkTry.Probe;
        }
    }

    /// <summary>The peer has answered, whatever it said.</summary>
    public void Succeeded()
    {
        lock (_gate)
        {
            _failures = 0;
        }
    }

    public void Failed(LinkTry passed)
    {
        lock (_gate)
        {
            if (_failures < PeerLimits.RelayFailuresMax)
            {
                _failures++;
                _delay = PeerLimits.BrokenFirst;
            }
            else if (passed == LinkTry.Probe)
            {
                _delay = _delay * 2 < PeerLimits.BrokenMax ? _delay * 2 : PeerLimits.BrokenMax;
            }
            else
            {
                return; // It was under way when the link broke.
            }

            _nextTry = new Deadline(time, _delay);
        }
    }

    /// <summary>It ended for reasons of its own, such as a client that left: that says nothing.</summary>
    public void Abandoned(LinkTry passed)
    {
        lock (_gate)
        {
            if (passed == LinkTry.Probe)
            {
                _nextTry = new Deadline(time, TimeSpan.Zero);
            }
        }
    }
}

/// <summary>What a request over a link is to it.</summary>
internal enum LinkTry
{
    Ordinary,

    /// <summary>The one that finds out whether a broken link works again.</summary>
    Probe,
}
