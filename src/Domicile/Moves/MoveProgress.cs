using System.Collections.Concurrent;

namespace Domicile.Moves;

/// <summary>What is known of moves under way and need not be saved: how far, and what troubles.</summary>
internal sealed class MoveProgress
{
    private readonly ConcurrentDictionary<Guid, Known> _known = new();
    private readonly Lock _gate = new();
    private readonly Beside _beside = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _changes;

    /// <summary>Moves of which something is known here.</summary>
    public int Count => _known.Count;

    public long ChangeCount => Interlocked.Read(ref _changes);

    public StepAnswer.Arriving? Find(Guid move) => _known.GetValueOrDefault(move)?.Arriving;

    public string? FindTrouble(Guid move)
        => _known.GetValueOrDefault(move) is { } known ? known.Trouble ?? known.Arriving?.Trouble : null;

    public void Set(Guid move, StepAnswer.Arriving arriving)
        => Update(move, known => known with
        {
            Arriving = arriving,
            Trouble = null,
            IsDisturbed = known.IsDisturbed || arriving.Trouble is not null,
        });

    public void SetTrouble(Guid move, string trouble) => Update(move, known => known with { Trouble = trouble, IsDisturbed = true });

    /// <param name="timestamp">Monotonic, of the clock that <see cref="EndTurn"/> is given.</param>
    public void BeginTurn(Move move, long timestamp)
    {
        _beside.Enter(move, timestamp);
        Update(move.Id, known => known with { TurnBegan = timestamp });
    }

    /// <returns>Null where the move was disturbed, or another process began it.</returns>
    public MoveTook? EndTurn(Guid move, TimeProvider time)
    {
        var now = time.GetTimestamp();
        var beside = _beside.Leave(move, now);
        return _known.GetValueOrDefault(move) is { TurnBegan: { } began, IsDisturbed: false }
            ? new MoveTook(time.GetElapsedTime(began, now).TotalMilliseconds, beside, null) : null;
    }

    public void BeginAfter(Guid move, long timestamp)
        => Update(move, known => known with { AfterBegan = known.AfterBegan ?? timestamp });

    /// <returns>Milliseconds; null as with <see cref="EndTurn"/>.</returns>
    public double? EndAfter(Guid move, TimeProvider time)
        => _known.GetValueOrDefault(move) is { AfterBegan: { } began, IsDisturbed: false }
            ? time.GetElapsedTime(began).TotalMilliseconds : null;

    /// <param name="timestamp">Monotonic, of the clock that <see cref="FindPause"/> is given.</param>
    public void BeginPause(Guid move, long timestamp)
        => Update(move, known => known with { PauseBegan = known.PauseBegan ?? timestamp });

    /// <returns>How long writes have waited; null where another process began the pause.</returns>
    public TimeSpan? FindPause(Guid move, TimeProvider time)
        => _known.GetValueOrDefault(move)?.PauseBegan is { } began ? time.GetElapsedTime(began) : null;

    public void Forget(Guid move, long timestamp)
    {
        _beside.Leave(move, timestamp);
        _known.TryRemove(move, out _);
    }

    /// <summary>Says that something of some move has changed.</summary>
    public void Changed()
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            Interlocked.Increment(ref _changes);
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    public Task ChangedSince(long seen, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _changes > seen ? Task.CompletedTask : _changed.Task.WaitAsync(cancellationToken);
        }
    }

    private void Update(Guid move, Func<Known, Known> change)
    {
        _known.AddOrUpdate(move, _ => change(new Known()), (_, known) => change(known));
        Changed();
    }

    private sealed record Known
    {
        public StepAnswer.Arriving? Arriving { get; init; }
        public string? Trouble { get; init; }
        public bool IsDisturbed { get; init; }
        public long? TurnBegan { get; init; }
        public long? PauseBegan { get; init; }
        public long? AfterBegan { get; init; }
    }
}
