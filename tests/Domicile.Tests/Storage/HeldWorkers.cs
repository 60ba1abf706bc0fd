using Domicile.Storage;

namespace Domicile.Tests.Storage;

/// <summary>The thread pool, but a test can hold back what is given to it, and wait for its end.</summary>
internal sealed class HeldWorkers : IWorkers, IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<Task> _running = [];
    private TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether work that is given from now on waits for <see cref="ReleaseAsync"/>.</summary>
    public bool IsHolding { get; set; } = true;

    public Task Run(Action work)
        => Run(() =>
        {
            work();
            return Task.CompletedTask;
        });

    public Task Run(Func<Task> work)
    {
        lock (_gate)
        {
            var held = IsHolding ? _held.Task : Task.CompletedTask;
            var running = Task.Run(async () =>
            {
                await held;
                await work();
            });
            _running.Add(running);
            return running;
        }
    }

    /// <summary>Lets go what was held back, and waits for the end of all.</summary>
    public Task ReleaseAsync()
    {
        lock (_gate)
        {
            _held.SetResult();
            _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return EndedAsync();
    }

    public async Task EndedAsync()
    {
        while (true)
        {
            List<Task> running;
            lock (_gate)
            {
                running = [.. _running.Where(task => !task.IsCompleted)];
            }

            if (running.Count == 0)
            {
                return;
            }

            await Task.WhenAll(running);
        }
    }

    public async ValueTask DisposeAsync()
    {
        IsHolding = false;
        await ReleaseAsync();
    }
}
