namespace Domicile.Storage;

/// <summary>
/// Where work runs that nobody waits for at once: an account's writer, pulls, watches. The thread pool; a simulation
/// gives its own, which decides what runs next.
/// </summary>
internal interface IWorkers
{
    Task Run(Action work);

    Task Run(Func<Task> work);

    /// <summary>
    /// Runs work that blocks its thread, such as the commits of one account: turn after turn, until one says that it was the
    /// last. Between two turns others may have theirs.
    /// </summary>
    Task RunTurns(Func<bool> turn)
        => Run(() =>
        {
            while (turn())
            {
            }
        });
}

/// <summary>The thread pool.</summary>
internal sealed class PooledWorkers : IWorkers
{
    public static readonly PooledWorkers Instance = new();

    private readonly PooledTurns _turns = new(StorageLimits.TurnsAtOnceMax);

    private PooledWorkers()
    {
    }

    public Task Run(Action work) => Task.Run(work, CancellationToken.None);

    public Task Run(Func<Task> work) => Task.Run(work, CancellationToken.None);

    public Task RunTurns(Func<bool> turn) => _turns.Run(turn);
}
