namespace Domicile.Control;

/// <summary>Counts changes and wakes who waits for the next one. Take the count first, then look, then wait.</summary>
internal sealed class ChangeSignal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _count;

    public long Count => Interlocked.Read(ref _count);

    public void Raise()
    {
        TaskCompletionSource reached;
        lock (_lock)
        {
            _count++;
            (reached, _next) = (_next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        reached.SetResult();
    }

    /// <summary>Completes when the count is higher than <paramref name="seen"/>.</summary>
    public Task ChangedSinceAsync(long seen, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _count > seen ? Task.CompletedTask : _next.Task.WaitAsync(cancellationToken);
        }
    }
}
