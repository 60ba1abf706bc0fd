using System.Collections.Concurrent;
using Domicile.Accounts;
using Domicile.Storage;
using Microsoft.Extensions.Logging;

namespace Domicile.Moves;

/// <summary>The target's pulls: one for each account that is arriving here.</summary>
internal sealed class ArrivalPulls(RegionContext region, ILogger<ArrivalPulls> log) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<AccountId, ArrivalPull> _pulls = new();

    // Of pulls that were ended and may still write; gone when they don't.
    private readonly ConcurrentDictionary<AccountId, TaskCompletionSource> _ending = new();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Accounts of which something is kept here: a pull that runs, or one that ends.</summary>
    public int Count => _pulls.Count + _ending.Count;

    /// <summary>Starts the account's pull, if it isn't running.</summary>
    public void Begin(MoveOrder order)
    {
        if (_pulls.TryGetValue(order.Account, out var running) && running.Order.Move != order.Move)
        {
            End(running.Order);
        }

        if (!_stop.IsCancellationRequested)
        {
            _pulls.GetOrAdd(order.Account, _ => new ArrivalPull(region, order, log, _stop.Token)).Start();
        }
    }

    /// <summary>The move is decided: its pull is not needed any more. Another move's pull goes on.</summary>
    public void End(MoveOrder order)
    {
        if (_pulls.TryGetValue(order.Account, out var pull) && pull.Order.Move == order.Move
            && _pulls.TryRemove(KeyValuePair.Create(order.Account, pull)))
        {
            pull.Cancel();
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var former = Task.CompletedTask;
            _ending.AddOrUpdate(
                order.Account, ended,
                (_, other) =>
                {
                    former = other.Task;
                    return ended;
                });
            region.Storage.Workers.Run(() => EndAsync(order.Account, pull, former, ended));
        }
    }

    /// <summary>Completes when a pull that was ended has stopped writing.</summary>
    public async Task EndedAsync(AccountId account)
    {
        if (_ending.TryGetValue(account, out var ended))
        {
            await ended.Task;
        }
    }

    /// <summary>Answers when the target has nearly caught up, or after a moment.</summary>
    public async Task<StepAnswer.Arriving> WaitForProgressAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        var store = region.Storage.Open(order.Account);
        var deadline = new Deadline(region.Time, MoveLimits.ProgressEvery);
        while (true)
        {
            var ticket = store.CommitCount;
            var progress = ProgressOf(store, order);
            if (deadline.IsOver || progress.IsNear)
            {
                return progress;
            }

            try
            {
                await deadline.WaitAsync(store.ChangedSince(ticket, cancellationToken), cancellationToken);
            }
            catch (TimeoutException)
            {
                return ProgressOf(store, order);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var pull in _pulls.Values)
        {
            await pull.DisposeAsync();
        }

        foreach (var ended in _ending.Values)
        {
            await ended.Task;
        }

        _stop.Dispose();
    }

    /// <summary>Why this move can't be: a content that the source has is damaged, and stayed so when it was sent again.</summary>
    public string? DamageOf(MoveOrder order)
        => _pulls.TryGetValue(order.Account, out var pull) && pull.Order.Move == order.Move ? pull.Damage : null;

    private async Task EndAsync(AccountId account, ArrivalPull pull, Task former, TaskCompletionSource ended)
    {
        await former;
        await pull.DisposeAsync();
        _ending.TryRemove(KeyValuePair.Create(account, ended));
        ended.SetResult();
    }

    private StepAnswer.Arriving ProgressOf(AccountStore store, MoveOrder order)
        => _pulls.TryGetValue(order.Account, out var pull) ? pull.Progress()
            : new StepAnswer.Arriving(store.Row?.Cursor ?? 0, -1, store.Row?.Versions ?? 0, store.Row?.Bytes ?? 0, null);
}
