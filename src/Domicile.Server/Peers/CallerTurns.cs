using System.Collections.Concurrent;
using Domicile.Deployments;

namespace Domicile.Server.Peers;

/// <summary>How much each caller may ask of this region at the same time, by kind: no peer can take it all.</summary>
internal sealed class CallerTurns
{
    private readonly ConcurrentDictionary<(PeerIdentity Caller, PeerRequestKind Kind), Counter> _running = new();
    private readonly ConcurrentDictionary<(PeerIdentity Caller, Guid Move), CancellationTokenSource> _streams = new();

    /// <returns>Null where the caller has too many of that kind open: answer 503.</returns>
    public IDisposable? TryTake(PeerIdentity caller, PeerRequestKind kind)
    {
        var counter = _running.GetOrAdd((caller, kind), _ => new Counter());
        return counter.TryAdd(PeerLimits.AtOnceMax(kind)) ? new Turn(counter) : null;
    }

    /// <summary>
    /// A move has one stream. A target that asks again has lost the former one, which the source may not have noticed: the new
    /// one ends it.
    /// </summary>
    /// <returns>Cancelled when the stream is to end.</returns>
    public CancellationTokenSource BeginStream(PeerIdentity caller, Guid move, CancellationToken aborted)
    {
        var stream = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        CancellationTokenSource? former = null;
        _streams.AddOrUpdate(
            (caller, move), stream, (_, known) =>
            {
                former = known;
                return stream;
            });
        try
        {
            former?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }

        return stream;
    }

    public void EndStream(PeerIdentity caller, Guid move, CancellationTokenSource stream)
    {
        _streams.TryRemove(KeyValuePair.Create((caller, move), stream));
        stream.Dispose();
    }

    private sealed class Counter
    {
        private int _count;

        public bool TryAdd(int max)
        {
            if (Interlocked.Increment(ref _count) <= max)
            {
                return true;
            }

            Subtract();
            return false;
        }

        public void Subtract() => Interlocked.Decrement(ref _count);
    }

    private sealed class Turn(Counter counter) : IDisposable
    {
        public void Dispose() => counter.Subtract();
    }
}
