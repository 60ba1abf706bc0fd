namespace Domicile;

/// <summary>Lets so many at a time go on, first come first served; the number may change at any time.</summary>
internal sealed class Turns
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private int _atOnce = 4;
    private int _taken;

    public int AtOnce
    {
        get => _atOnce;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            lock (_gate)
            {
                _atOnce = value;
                Admit();
            }
        }
    }

    /// <summary>Dispose the answer to give the turn to the next.</summary>
    public async Task<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue(turn);
            Admit();
        }

        await using var cancelled = cancellationToken.Register(() => turn.TrySetCanceled(cancellationToken));
        await turn.Task;
        return new Turn(this);
    }

    private void Admit()
    {
        while (_taken < _atOnce && _waiting.TryDequeue(out var next))
        {
            _taken += next.TrySetResult() ? 1 : 0;
        }
    }

    private sealed class Turn(Turns turns) : IDisposable
    {
        public void Dispose()
        {
            lock (turns._gate)
            {
                turns._taken--;
                turns.Admit();
            }
        }
    }
}
