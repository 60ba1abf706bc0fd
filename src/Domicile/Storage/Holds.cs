namespace Domicile.Storage;

/// <summary>
/// Counts who still looks at a copy, in generations: erasing waits for all of them, deleting a dropped content's file only
/// for those who may have seen it. Waiting costs nothing: the last hold completes it. Thread-safe.
/// </summary>
internal sealed class Holds
{
    private readonly Lock _gate = new();
    private readonly HashSet<Generation> _open = [];
    private Generation _current = new();

    public bool Any
    {
        get
        {
            lock (_gate)
            {
                return _open.Count > 0;
            }
        }
    }

    /// <summary>Takes a hold; it ends when it is disposed, once.</summary>
    /// <param name="owner">Kept alive as long as the hold.</param>
    public IDisposable Open(object owner)
    {
        lock (_gate)
        {
            var generation = _current;
            generation.Count++;
            _open.Add(generation);
            return new Hold(owner, this, generation);
        }
    }

    /// <summary>Completes when every hold that is open now has ended.</summary>
    public async Task OpenNowEnded()
    {
        List<Task> ends;
        lock (_gate)
        {
            _current = new Generation();
            ends = [.. _open.Select(generation => generation.Ended.Task)];
        }

        foreach (var end in ends)
        {
            await end;
        }
    }

    private void End(Generation generation)
    {
        lock (_gate)
        {
            generation.Count--;
            if (generation.Count > 0)
            {
                return;
            }

            _open.Remove(generation);
            if (generation == _current)
            {
                _current = new Generation();
            }
        }

        generation.Ended.SetResult();
    }

    private sealed class Generation
    {
        public int Count { get; set; }

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Hold(object owner, Holds holds, Generation generation) : IDisposable
    {
        private object? _owner = owner;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _owner, null) is not null)
            {
                holds.End(generation);
            }
        }
    }
}
