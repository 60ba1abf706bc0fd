using System.Diagnostics.CodeAnalysis;

namespace Domicile.Storage;

/// <summary>
/// Turns that block threads of the pool, on a few of them at a time, however many have turns to take: the rest of the pool
/// stays free for requests. Who has had a turn goes behind those that wait for one. Thread-safe.
/// </summary>
/// <param name="atOnceMax">Threads.</param>
internal sealed class PooledTurns(int atOnceMax)
{
    private readonly Lock _gate = new();
    private readonly Queue<Taker> _waiting = new();
    private int _running;

    /// <param name="turn">Answers whether there is another one.</param>
    /// <returns>Completes after the last turn.</returns>
    public Task Run(Func<bool> turn)
    {
        var taker = new Taker(turn);
        lock (_gate)
        {
            if (_running == atOnceMax)
            {
                _waiting.Enqueue(taker);
                return taker.Ended;
            }

            _running++;
        }

        _ = Task.Run(() => Serve(taker), CancellationToken.None);
        return taker.Ended;
    }

    private void Serve(Taker taker)
    {
        while (true)
        {
            var hasMore = taker.TakeTurn();
            lock (_gate)
            {
                if (hasMore && _waiting.Count == 0)
                {
                    continue;
                }

                if (hasMore)
                {
                    _waiting.Enqueue(taker);
                }

                if (!_waiting.TryDequeue(out var next))
                {
                    _running--;
                    return;
                }

                taker = next;
            }
        }
    }

    private sealed class Taker(Func<bool> turn)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        /// <summary>Whatever it throws goes to who waits for its end: those behind it have their turns.</summary>
        [SuppressMessage("Design", "CA1031", Justification = "The fault goes to who waits for the end.")]
        public bool TakeTurn()
        {
            try
            {
                if (turn())
                {
                    return true;
                }

                _ended.SetResult();
            }
            catch (Exception fault)
            {
                _ended.SetException(fault);
            }

            return false;
        }
    }
}
