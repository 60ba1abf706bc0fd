using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Domicile.Accounts;
using Domicile.Storage;
using Microsoft.Extensions.Logging;

namespace Domicile.Moves;

/// <summary>Control's desk for moves: takes requests, runs them, tells how they stand. At most one open move per account.</summary>
internal sealed partial class MoveDesk : IAsyncDisposable
{
    private readonly IMoveControl _control;
    private readonly SavedMoves _records;
    private readonly OrderSigner _orders;
    private readonly MoveProgress _progress = new();
    private readonly MoveRunner _runner;
    private readonly TimeProvider _time;
    private readonly IWorkers _workers;
    private readonly Func<DateTimeOffset, Guid> _drawId;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Guid, Task> _running = new();
    private readonly Turns _turns = new();
    private readonly ILogger _log;

    /// <param name="workers">Null: the thread pool.</param>
    /// <param name="drawId">Null: ids that nobody can guess.</param>
    public MoveDesk(
        IMoveControl control, IMoveRecords records, OrderSigner orders, TimeProvider time, ILoggerFactory logs,
        IWorkers? workers = null, Func<DateTimeOffset, Guid>? drawId = null)
    {
        _orders = orders;
        _control = control;
        _records = new SavedMoves(records, _progress);
        _time = time;
        _workers = workers ?? PooledWorkers.Instance;
        _drawId = drawId ?? Guid.CreateVersion7;
        _log = logs.CreateLogger<MoveDesk>();
        _runner = new MoveRunner(control, _records, orders, _progress, time, logs.CreateLogger<MoveRunner>());
    }

    /// <summary>How many moves run at the same time, up to their settling; erasing and receipts don't count.</summary>
    public int AtOnce
    {
        get => _turns.AtOnce;
        set => _turns.AtOnce = value;
    }

    public long ChangeCount => _progress.ChangeCount;

    /// <summary>Moves of which something is kept in memory: those that run.</summary>
    public int KeptCount => _running.Count + _progress.Count;

    /// <summary>Takes up the moves that a former process left open.</summary>
    public void Resume()
    {
        foreach (var move in _records.ListOpen())
        {
            Run(move.Id);
        }
    }

    /// <summary>Saves the move; the runner advances it. The caller has asked the policy.</summary>
    public async Task<MoveRequestResult> RequestAsync(MoveRequest request, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var move = new Move
        {
            Id = _drawId(now),
            Profile = request.Profile,
            Source = request.Source,
            Target = request.Target,
            Epoch = request.Epoch,
            PolicyRevision = request.PolicyRevision,
            Rule = request.Rule,
            RequestedAt = now,
            EraseAfter = request.EraseAfter,
            Salt = request.Salt,
            Objects = request.Objects,
            Bytes = request.Bytes,
        };
        if (await _records.AddAsync(move, cancellationToken) is { } other)
        {
            return new MoveRequestResult.AlreadyMoving(other);
        }

        Run(move.Id);
        return new MoveRequestResult.Accepted(move);
    }

    /// <summary>
    /// Asks for the way back; possible until the commit point, which may be passing at this moment. Of a failed move it
    /// clears what the target has kept for inspection.
    /// </summary>
    public async Task<AbortResult> AbortAsync(Guid move, string reason, CancellationToken cancellationToken)
    {
        switch (_records.Find(move))
        {
            case null:
                return new AbortResult.NoSuchMove();
            case { State: MoveState.Failed } failed:
                await _control.Region(failed.Target).DiscardAsync(_orders.Sign(failed.Order), cancellationToken);
                await _records.SaveAsync(failed, Cleared(failed), cancellationToken);
                return new AbortResult.Asked();
            default:
                return await GoBackAsync(move, reason, cancellationToken);
        }
    }

    /// <summary>Makes the receipt of a move that had none, if it can be made now.</summary>
    /// <returns>The move as it is then.</returns>
    public async Task<Move> ProveAsync(Move move, CancellationToken cancellationToken)
    {
        if (move.State != MoveState.Unproven)
        {
            return move;
        }

        var proven = (await _control.AppendReceiptAsync(move, cancellationToken)).Is(out var index, out var reason)
            ? move with { State = MoveState.Done, LedgerIndex = index, Reason = null }
            : move with { Reason = reason };
        await _records.SaveAsync(move, proven, cancellationToken);
        return _records.Find(move.Id)!;
    }

    private static Move Cleared(Move failed)
        => failed.Reason?.EndsWith(MoveReasons.Cleared, StringComparison.Ordinal) == true ? failed
            : failed with { Reason = failed.Reason + MoveReasons.Cleared };

    // The decision is saved, whatever step the runner is at: what it saves next finds another record than its own, and it
    // goes on from that one. The target says whether it was too late.
    private async Task<AbortResult> GoBackAsync(Guid id, string reason, CancellationToken cancellationToken)
    {
        while (true)
        {
            var move = _records.Find(id)!;
            if (move.IsOver || move.State is MoveState.Settling or MoveState.Erasing)
            {
                return new AbortResult.TooLate(move.State);
            }

            if (move.State is MoveState.Refusing or MoveState.Unsealing
                || await _records.SaveAsync(
                    move, move with { State = MoveState.Refusing, Reason = reason }, cancellationToken))
            {
                return new AbortResult.Asked();
            }
        }
    }

    public Move? Find(Guid move) => _records.Find(move);

    /// <summary>Newest first, at most <paramref name="atMost"/>.</summary>
    public IReadOnlyList<Move> List(int atMost) => _records.List(atMost);

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<Move> ListOpen() => _records.ListOpen();

    /// <summary>The move that is under way for the account, if any.</summary>
    public Move? FindOpen(AccountId account) => _records.FindOpen(account);

    /// <summary>How far the target is; null while nothing is known.</summary>
    public StepAnswer.Arriving? Progress(Guid move) => _progress.Find(move);

    /// <summary>What keeps the move from going on at this moment; null where nothing does.</summary>
    public string? Trouble(Guid move) => _progress.FindTrouble(move);

    /// <summary>Completes at the next change of any move. Take the ticket, look, then wait.</summary>
    public Task ChangedSince(long seen, CancellationToken cancellationToken) => _progress.ChangedSince(seen, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private void Run(Guid move)
        => _running.GetOrAdd(move, id => _workers.Run(() => RunAsync(id)));

    [SuppressMessage("Design", "CA1031", Justification = "Whatever it was: the saved step stays true, and is tried again.")]
    private async Task RunAsync(Guid id)
    {
        while (true)
        {
            try
            {
                using (await _turns.TakeAsync(_stop.Token))
                {
                    await _runner.RunAsync(id, untilSettled: true, _stop.Token);
                }

                await _runner.RunAsync(id, untilSettled: false, _stop.Token);
                break;
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                _progress.SetTrouble(id, e.Message);
                LogBroken(_log, id, e);
                await Task.Delay(MoveLimits.RetryMax, _time, _stop.Token);
            }
        }

        _progress.Forget(id, _time.GetTimestamp());
        _progress.Changed();
        _running.TryRemove(id, out _);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Move {Move} broke; its saved step is tried again.")]
    private static partial void LogBroken(ILogger log, Guid move, Exception cause);

    /// <summary>The records, with word to whoever watches.</summary>
    private sealed class SavedMoves(IMoveRecords records, MoveProgress progress) : IMoveRecords
    {
        public Move? Find(Guid id) => records.Find(id);

        public async Task<Move?> AddAsync(Move move, CancellationToken cancellationToken)
        {
            var other = await records.AddAsync(move, cancellationToken);
            progress.Changed();
            return other;
        }

        public async Task<bool> SaveAsync(Move before, Move after, CancellationToken cancellationToken)
        {
            var isSaved = await records.SaveAsync(before, after, cancellationToken);
            progress.Changed();
            return isSaved;
        }

        public IReadOnlyList<Move> ListOpen() => records.ListOpen();

        public IReadOnlyList<Move> List(int atMost) => records.List(atMost);

        public Move? FindOpen(AccountId account) => records.FindOpen(account);
    }
}

internal sealed record MoveRequest(
    AccountProfile Profile, RegionName Source, RegionName Target, long Epoch, long PolicyRevision, string Rule,
    TimeSpan EraseAfter, byte[] Salt, long Objects, long Bytes);

/// <summary>What became of a request to move an account.</summary>
internal abstract record MoveRequestResult
{
    private MoveRequestResult()
    {
    }

    public sealed record Accepted(Move Move) : MoveRequestResult;

    public sealed record AlreadyMoving(Move Other) : MoveRequestResult;

    /// <summary>Unknown, unreachable, forbidden or full target, or a source that isn't the home: nothing was done.</summary>
    public sealed record Refused(string Reason) : MoveRequestResult;
}

internal abstract record AbortResult
{
    private AbortResult()
    {
    }

    /// <summary>The move goes back, unless the target turns out to have been activated already.</summary>
    public sealed record Asked : AbortResult;

    /// <summary>Past the commit point, or over.</summary>
    public sealed record TooLate(MoveState State) : AbortResult;

    public sealed record NoSuchMove : AbortResult;
}
