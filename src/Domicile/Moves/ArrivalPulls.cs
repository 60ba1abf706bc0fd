using System.Collections.Concurrent;
using System.IO.Pipelines;
using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Storage;
using Microsoft.Extensions.Logging;

namespace Domicile.Moves;

/// <summary>
/// The target's pulls: one loop for each account that is arriving here, from its saved cursor on, again and again until the
/// move is decided.
/// </summary>
internal sealed partial class ArrivalPulls(RegionContext region, ILogger<ArrivalPulls> log) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<AccountId, Pull> _pulls = new();
    private readonly ConcurrentDictionary<AccountId, Pull> _ended = new();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Starts the account's pull, if it isn't running.</summary>
    public void Begin(MoveOrder order)
    {
        if (_pulls.TryGetValue(order.Account, out var running) && running.Order.Move != order.Move)
        {
            End(running.Order);
        }

        if (!_stop.IsCancellationRequested)
        {
            _pulls.GetOrAdd(order.Account, _ => new Pull(order, region.Storage.Workers, _stop.Token)).Start(RunAsync);
        }
    }

    /// <summary>The move is decided: its pull is not needed any more. Another move's pull goes on.</summary>
    public void End(MoveOrder order)
    {
        if (_pulls.TryGetValue(order.Account, out var pull) && pull.Order.Move == order.Move
            && _pulls.TryRemove(KeyValuePair.Create(order.Account, pull)))
        {
            pull.Cancel();
            _ended[order.Account] = pull;
        }
    }

    /// <summary>Completes when a pull that was ended has stopped writing.</summary>
    public async Task EndedAsync(AccountId account)
    {
        if (_ended.TryRemove(account, out var pull))
        {
            await pull.DisposeAsync();
        }
    }

    /// <summary>Answers when the target has nearly caught up, or after a moment.</summary>
    public async Task<StepAnswer> WaitForProgressAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        var store = region.Storage.Open(order.Account);
        var deadline = region.Time.GetUtcNow() + MoveLimits.ProgressEvery;
        while (true)
        {
            var ticket = store.CommitCount;
            var progress = ProgressOf(store, order);
            var left = deadline - region.Time.GetUtcNow();
            if (left <= TimeSpan.Zero
                || (progress.SourceSeq >= 0 && progress.SourceSeq - progress.Cursor <= MoveLimits.LagAtSealMax))
            {
                return progress;
            }

            try
            {
                await store.ChangedSince(ticket, cancellationToken).WaitAsync(left, region.Time, cancellationToken);
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
        foreach (var pull in _pulls.Values.Concat(_ended.Values))
        {
            await pull.DisposeAsync();
        }

        _stop.Dispose();
    }

    private StepAnswer.Arriving ProgressOf(AccountStore store, MoveOrder order)
    {
        var pull = _pulls.GetValueOrDefault(order.Account);
        var row = store.Row;
        return new StepAnswer.Arriving(
            row?.Cursor ?? 0, pull?.SourceSeq ?? -1, row?.Versions ?? 0, row?.Bytes ?? 0, pull?.Trouble);
    }

    private async Task RunAsync(Pull pull)
    {
        var store = region.Storage.Open(pull.Order.Account);
        for (var failures = 0; !pull.Stopped.IsCancellationRequested; failures++)
        {
            try
            {
                await PullOnceAsync(store, pull);
                failures = 0;
            }
            catch (OperationCanceledException) when (pull.Stopped.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is IOException or InvalidDataException or FormatException or TimeoutException)
            {
                // The link, the disk or the peer failed. The cursor is what is stored; the next try goes on from there.
                pull.Trouble = e.Message;
                LogTrouble(log, pull.Order.Move, e.Message);
            }

            if (store.Row is not { State: AccountState.Arriving } row || row.Move != pull.Order.Move)
            {
                return;
            }

            await Task.Delay(MoveLimits.RetryAfter(failures), region.Time, pull.Stopped)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private async Task PullOnceAsync(AccountStore store, Pull pull)
    {
        var order = pull.Order;
        using var silence = new CancellationTokenSource(MoveLimits.SilenceMax, region.Time);
        await using var stopping = pull.Stopped.UnsafeRegister(static one => ((CancellationTokenSource)one!).Cancel(), silence);
        var input = await region.Links.To(order.Source).PullAsync(order, store.Row?.Cursor ?? 0, silence.Token);
        try
        {
            while (true)
            {
                silence.CancelAfter(MoveLimits.SilenceMax);
                var frame = await ReadAsync(input, silence.Token, pull.Stopped);
                if (!await TakeAsync(store, pull, frame, input))
                {
                    return;
                }

                pull.Trouble = null;
            }
        }
        finally
        {
            await input.CompleteAsync();
        }
    }

    private static async Task<StreamFrame> ReadAsync(
        PipeReader input, CancellationToken silence, CancellationToken stopped)
    {
        try
        {
            return await ChangeStream.ReadAsync(input, silence);
        }
        catch (OperationCanceledException) when (!stopped.IsCancellationRequested)
        {
            throw new TimeoutException($"The source has been silent for {MoveLimits.SilenceMax.TotalSeconds} s.");
        }
    }

    /// <returns>False where the stream is at its end.</returns>
    private static async Task<bool> TakeAsync(AccountStore store, Pull pull, StreamFrame frame, PipeReader input)
    {
        switch (frame)
        {
            case StreamFrame.Key key:
                await store.WriteAsync(transaction => TakeKey(transaction, store, pull.Order, key.AccountKey), pull.Stopped);
                return true;
            case StreamFrame.Content content:
                await store.Contents.ReceiveSealedAsync(
                    content.ContentId, content.LengthBytes, input.AsStream(leaveOpen: true), pull.Stopped);
                CrashPoint.Reach("pull.received");
                return true;
            case StreamFrame.Batch batch:
                await store.WriteAsync(transaction => TakeBatch(transaction, pull.Order, batch), pull.Stopped);
                CrashPoint.Reach("pull.stored");
                Adopt(store, batch.Changes);
                pull.SourceSeq = batch.SourceSeq;
                return true;
            case StreamFrame.Heartbeat heartbeat:
                pull.SourceSeq = heartbeat.SourceSeq;
                return true;
            default:
                pull.Trouble = ((StreamFrame.End)frame).Reason;
                return false;
        }
    }

    private static bool TakeKey(AccountTransaction transaction, AccountStore store, MoveOrder order, byte[] key)
    {
        CheckArriving(transaction, order);
        if (transaction.Key is null)
        {
            store.ImportKey(transaction, key);
        }

        return true;
    }

    // Rows and cursor in one transaction: progress is recorded where it is applied.
    private static bool TakeBatch(AccountTransaction transaction, MoveOrder order, StreamFrame.Batch batch)
    {
        var row = CheckArriving(transaction, order);
        if (row.Cursor != batch.After || batch.Changes.CompleteUpTo < batch.After)
        {
            throw new InvalidDataException($"A batch after {batch.After} where {row.Cursor} is stored.");
        }

        ChangeFeed.Apply(transaction, batch.Changes);
        transaction.PutRow(transaction.Row! with { Cursor = batch.Changes.CompleteUpTo });
        return true;
    }

    // The rows that name these files have committed.
    private static void Adopt(AccountStore store, ChangeBatch batch)
    {
        foreach (var change in batch.Changes)
        {
            if (ChangeSource.FileContentOf(change) is { } content)
            {
                store.Contents.Adopted(content.Id);
            }
        }
    }

    private static AccountRow CheckArriving(AccountTransaction transaction, MoveOrder order)
        => transaction.Row is { State: AccountState.Arriving } row && row.Move == order.Move
            ? row
            : throw new OperationCanceledException("The account is not arriving in this move any more.");

    [LoggerMessage(Level = LogLevel.Warning, Message = "Move {Move}: the pull from the source broke ({Cause}); it goes on.")]
    private static partial void LogTrouble(ILogger log, Guid move, string cause);

    /// <summary>One account's pull. Trouble and SourceSeq are written by its loop and read by whoever asks.</summary>
    private sealed class Pull(MoveOrder order, IWorkers workers, CancellationToken stop) : IAsyncDisposable
    {
        private readonly Lock _gate = new();
        private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        private Task? _loop;
        private long _sourceSeq = -1;
        private volatile string? _trouble;

        public MoveOrder Order => order;

        public CancellationToken Stopped => _stop.Token;

        /// <summary>Where the source stood when last heard; -1 before.</summary>
        public long SourceSeq
        {
            get => Interlocked.Read(ref _sourceSeq);
            set => Interlocked.Exchange(ref _sourceSeq, value);
        }

        public string? Trouble
        {
            get => _trouble;
            set => _trouble = value;
        }

        public void Start(Func<Pull, Task> run)
        {
            lock (_gate)
            {
                if (_loop is null or { IsCompleted: true })
                {
                    _loop = workers.Run(() => run(this));
                }
            }
        }

        public void Cancel() => _stop.Cancel();

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await (_loop ?? Task.CompletedTask)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            _stop.Dispose();
        }
    }
}
