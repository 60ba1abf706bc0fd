namespace Domicile.Storage;

/// <summary>
/// Counts who still looks at a copy, in generations: erasing waits for all of them and then cuts them, deleting a dropped
/// content's file waits only for those who may have seen it. Waiting costs nothing: the last hold completes it. Thread-safe.
/// </summary>
internal sealed class Holds
{
    private readonly Lock _gate = new();
    private readonly HashSet<Generation> _open = [];
    private readonly HashSet<Hold> _holds = [];
    private Generation _current = new();

    /// <summary>How many are open.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _holds.Count;
            }
        }
    }

    /// <summary>Takes a hold; it ends when it is disposed, once.</summary>
    /// <param name="owner">Kept alive as long as the hold.</param>
    public Hold Open(object owner)
    {
        lock (_gate)
        {
            var generation = _current;
            var hold = new Hold(owner, this, generation);
            generation.Count++;
            _open.Add(generation);
            _holds.Add(hold);
            return hold;
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

    /// <summary>Asks every hold that is open to end at once: cancels <see cref="Hold.Cut"/> of each.</summary>
    /// <returns>How many were open.</returns>
    public int Cut()
    {
        Hold[] open;
        lock (_gate)
        {
            open = [.. _holds];
        }

        foreach (var hold in open)
        {
            hold.CutOff();
        }

        return open.Length;
    }

    private void End(Hold hold, Generation generation)
    {
        lock (_gate)
        {
            _holds.Remove(hold);
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

    /// <summary>Those who began between two questions of who is there.</summary>
    internal sealed class Generation
    {
        public int Count { get; set; }

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>One who looks at the copy. Whoever may take long ends when <see cref="Cut"/> says so.</summary>
    internal sealed class Hold : IDisposable
    {
        private readonly Holds _holds;
        private readonly Generation _generation;
        private object? _owner;

        // Made when somebody asks: most holds end without.
        private CancellationTokenSource? _cut;

        internal Hold(object owner, Holds holds, Generation generation)
            => (_owner, _holds, _generation) = (owner, holds, generation);

        /// <summary>Cancelled when erasing waits no longer: close what is open and end.</summary>
        public CancellationToken Cut => (_cut ?? MakeCut()).Token;

        internal void CutOff() => (_cut ?? MakeCut()).Cancel();

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _owner, null) is not null)
            {
                _holds.End(this, _generation);
            }
        }

        private CancellationTokenSource MakeCut()
        {
            var made = new CancellationTokenSource();
            return Interlocked.CompareExchange(ref _cut, made, null) ?? made;
        }
    }
}
