namespace Domicile.Storage;

/// <summary>
/// Where work runs that nobody waits for at once: an account's writer, pulls, watches. The thread pool; a simulation
/// gives its own, which decides what runs next.
/// </summary>
internal interface IWorkers
{
    Task Run(Action work);

    Task Run(Func<Task> work);
}

/// <summary>The thread pool.</summary>
internal sealed class PooledWorkers : IWorkers
{
    public static readonly PooledWorkers Instance = new();

    private PooledWorkers()
    {
    }

    public Task Run(Action work) => Task.Run(work, CancellationToken.None);

    public Task Run(Func<Task> work) => Task.Run(work, CancellationToken.None);
}
