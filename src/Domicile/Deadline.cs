namespace Domicile;

/// <summary>The end of a wait, by the monotonic clock: a wall clock that jumps neither ends nor lengthens it.</summary>
internal readonly struct Deadline(TimeProvider time, TimeSpan after)
{
    private readonly long _begun = time.GetTimestamp();

    public TimeSpan Left => after - time.GetElapsedTime(_begun);

    public bool IsOver => Left <= TimeSpan.Zero;

    /// <exception cref="TimeoutException">It is over before the task is.</exception>
    public Task WaitAsync(Task task, CancellationToken cancellationToken)
        => Left is var left && left > TimeSpan.Zero ? task.WaitAsync(left, time, cancellationToken)
            : task.IsCompleted ? task : Task.FromException(new TimeoutException());
}
