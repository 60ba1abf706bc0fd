using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Storage;
using Microsoft.Extensions.Logging;

namespace Domicile.Moves;

/// <summary>
/// One arriving account's pull: a loop that follows the source from the saved cursor on, again and again until the move is
/// decided. Reading runs ahead: contents are checked and written, and batches stored, while the next ones are on their way.
/// </summary>
/// <remarks>
/// <code>
///   source ──► read frames ──► contents: check, write, flush (several at a time)
///                   │                │
///                   └► batches ──────┴► store rows and cursor in one transaction (in order)
/// </code>
/// </remarks>
internal sealed partial class ArrivalPull(RegionContext region, MoveOrder order, ILogger log, CancellationToken stop)
    : IAsyncDisposable
{
    private const ConfigureAwaitOptions Quiet =
        ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
    private readonly AccountStore _store = region.Storage.Open(order.Account);
    private Task? _loop;
    private long _sourceSeq = -1;

    // Bytes of contents: what the source had still to send when last heard, and what was received but isn't stored.
    private long _unsentBytes;
    private long _unstoredBytes;

    // Of the content that is being read, what is still to come.
    private long _unreadBytes;
    private long? _fewRowsSince;
    private volatile string? _trouble;
    private volatile string? _damage;

    // What came damaged last. The loop's own.
    private string? _suspicion;

    public MoveOrder Order => order;

    /// <summary>Why this move can't be: a content at the source is damaged.</summary>
    public string? Damage => _damage;

    /// <summary>Starts the loop, if it isn't running.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (_loop is null or { IsCompleted: true })
            {
                _loop = region.Storage.Workers.Run(RunAsync);
            }
        }
    }

    public void Cancel() => _stop.Cancel();

    /// <summary>How far it is: the source as last heard, the copy as stored, and what broke last.</summary>
    public StepAnswer.Arriving Progress()
    {
        lock (_gate)
        {
            var (row, sourceSeq) = (_store.Row, Interlocked.Read(ref _sourceSeq));
            var cursor = row?.Cursor ?? 0;
            return new StepAnswer.Arriving(
                cursor, sourceSeq, row?.Versions ?? 0, row?.Bytes ?? 0, _trouble,
                IsNear: sourceSeq >= 0 && sourceSeq - cursor <= region.Copy.LagAtSealMax && HasFewBytesToCome(),
                Received: Math.Max(0, Interlocked.Read(ref _unstoredBytes) - Math.Max(0, Interlocked.Read(ref _unreadBytes))));
        }
    }

    /// <summary>When it returns, nothing is written by this pull any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await (_loop ?? Task.CompletedTask).ConfigureAwait(Quiet);
        _stop.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever it was: the cursor stays true, and it is tried again.")]
    private async Task RunAsync()
    {
        for (var failures = 0; !_stop.IsCancellationRequested; failures++)
        {
            var cursor = _store.Row?.Cursor;
            try
            {
                await PullOnceAsync();
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (ContentCorruptException e)
            {
                // The link has checks of its own: what comes damaged twice lies damaged.
                _damage = e.Message == _suspicion ? MoveReasons.Damaged(e.Message) : null;
                _suspicion = _trouble = e.Message;
                LogTrouble(log, order.Move, e.Message);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The link, the disk, the database or the peer failed. The cursor is what is stored; the next try goes on from there.
                _trouble = e.Message;
                LogTrouble(log, order.Move, e.Message);
            }

            if (_store.Row is not { State: AccountState.Arriving } row || row.Move != order.Move)
            {
                return;
            }

            failures = row.Cursor == cursor ? failures : 0;
            await Task.Delay(MoveLimits.RetryAfter(failures), region.Time, _stop.Token).ConfigureAwait(Quiet);
        }
    }

    private bool HasFewBytesToCome()
    {
        _fewRowsSince ??= region.Time.GetTimestamp();
        var patience = region.Time.GetElapsedTime(_fewRowsSince.Value) / MoveLimits.LagPatience;
        var allowed = MoveLimits.LagBytesAtSealMax << (int)Math.Min(patience, MoveLimits.LagDoublingsMax);
        return Interlocked.Read(ref _unsentBytes) <= allowed - Interlocked.Read(ref _unstoredBytes);
    }

    private async Task PullOnceAsync()
    {
        Interlocked.Exchange(ref _unstoredBytes, 0);
        Interlocked.Exchange(ref _unreadBytes, 0);
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using var box = new SecretBox();
        await using var input = await PulledInput.OpenAsync(
            region.Links.To(order.Source), order, _store.Row?.Cursor ?? 0, box.PublicKey, region.Time, broken.Token);
        var arrived = Channel.CreateBounded<Arrived>(MoveLimits.BatchesAhead);
        var contents = new List<Task>();
        var storing = region.Storage.Workers.Run(() => BreakingAsync(StoreAsync(arrived.Reader, broken.Token), broken));
        try
        {
            await ReadAsync(input, box, contents, arrived.Writer, broken);
        }
        finally
        {
            // What has arrived whole is stored, whatever became of the rest. What failed first is the reason.
            arrived.Writer.TryComplete();
            await EndAllAsync([.. contents, storing]);
        }
    }

    // Ends with the source's last frame; throws when the stream breaks or when storing has failed.
    private async Task ReadAsync(
        PulledInput input, SecretBox box, List<Task> contents, ChannelWriter<Arrived> arrived, CancellationTokenSource broken)
    {
        var cancellationToken = broken.Token;
        var ahead = new Turns { AtOnce = MoveLimits.ContentsAhead };
        var (own, files) = (new List<Task>(), new List<StreamFrame.Content>());
        while (true)
        {
            switch (await ChangeStream.ReadAsync(input.ReadExactlyAsync, cancellationToken))
            {
                case StreamFrame.Key key:
                    using (var opened = box.Open(order.Move.ToByteArray(), key.Boxed))
                    {
                        await _store.WriteAsync(transaction => TakeKeys(transaction, opened), cancellationToken);
                    }

                    break;
                case StreamFrame.Content content:
                    own.Add(await ReceiveAsync(content, input, ahead, broken));
                    contents.Add(own[^1]);
                    files.Add(content);
                    break;
                case StreamFrame.Batch batch:
                    Heard(batch.SourceSeq, batch.UnsentBytes);
                    var next = new Arrived(batch, own, files);
                    own.Add(region.Storage.Workers.Run(() => DecodeAsync(next, cancellationToken)));
                    await arrived.WriteAsync(next, cancellationToken);
                    contents.RemoveAll(one => one.IsCompletedSuccessfully);
                    (own, files) = ([], []);
                    break;
                case StreamFrame.Heartbeat heartbeat:
                    Heard(heartbeat.SourceSeq, unsentBytes: 0);
                    break;
                case StreamFrame.End end:
                    _trouble = end.Reason;
                    _damage = MoveReasons.IsDamaged(end.Reason) ? end.Reason : null;
                    return;
            }
        }
    }

    private void Heard(long sourceSeq, long unsentBytes)
    {
        Interlocked.Exchange(ref _unsentBytes, unsentBytes);
        Interlocked.Exchange(ref _sourceSeq, sourceSeq);
    }

    // Returns once the content's bytes have been read; the task in it completes when they are durable.
    private async Task<Task> ReceiveAsync(
        StreamFrame.Content content, PulledInput input, Turns ahead, CancellationTokenSource broken)
    {
        var turn = await ahead.TakeAsync(broken.Token);
        try
        {
            Interlocked.Exchange(ref _unreadBytes, content.LengthBytes);
            Interlocked.Add(ref _unstoredBytes, content.LengthBytes);
            var stored = await _store.Contents.ReceiveSealedAheadAsync(
                content.ContentId, content.LengthBytes, (bytes, token) => ReadSomeAsync(input, bytes, token), broken.Token);
            Interlocked.Exchange(ref _unreadBytes, 0);
            await CrashPoint.ReachAsync("pull.received", order.Account);
            return EndTurnAsync(stored, turn, broken);
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    private async ValueTask ReadSomeAsync(PulledInput input, Memory<byte> bytes, CancellationToken cancellationToken)
    {
        await input.ReadExactlyAsync(bytes, cancellationToken);
        Interlocked.Add(ref _unreadBytes, -bytes.Length);
    }

    private async Task EndTurnAsync(Task stored, IDisposable turn, CancellationTokenSource broken)
    {
        using (turn)
        {
            await BreakingAsync(stored, broken);
        }
    }

    private async Task StoreAsync(ChannelReader<Arrived> arrived, CancellationToken cancellationToken)
    {
        while (await arrived.WaitToReadAsync(cancellationToken))
        {
            await StoreNextAsync(arrived, cancellationToken);
        }
    }

    // What fails in one place stops the others.
    private async Task BreakingAsync(Task work, CancellationTokenSource broken)
    {
        try
        {
            await work;
        }
        catch
        {
            await region.Storage.Workers.Run(broken.Cancel);
            throw;
        }
    }

    // What has come meanwhile goes along: one transaction, one fsync.
    private async Task StoreNextAsync(ChannelReader<Arrived> arrived, CancellationToken cancellationToken)
    {
        var batches = new List<Arrived>();
        while (batches.Count < MoveLimits.BatchesAtOnce && arrived.TryPeek(out var next)
            && (batches.Count == 0 || next.Contents.TrueForAll(one => one.IsCompleted)))
        {
            foreach (var content in next.Contents)
            {
                await content;
            }

            batches.Add(next);
            arrived.TryRead(out _);
        }

        await WriteAsync(batches[^1].Batch, transaction => TakeBatches(transaction, batches), cancellationToken);
        await CrashPoint.ReachAsync("pull.stored", order.Account);
        batches.SelectMany(batch => batch.Files).ToList().ForEach(Adopt);
        _trouble = null;
    }

    // What the source can send again need not be flushed each time. Near its end it must: the next questions are whether all
    // has been stored, and then the source may let go. That flush covers what was written before.
    // What is set aside for the end of the move is not for this.
    private Task<bool> WriteAsync(StreamFrame.Batch last, Func<AccountTransaction, bool> work, CancellationToken cancellationToken)
    {
        if (last.SourceSeq - last.Changes.CompleteUpTo > region.Copy.LagAtSealMax)
        {
            return _store.WriteUnflushedAsync(work, cancellationToken);
        }

        return _store.TryReserveWayBack() ? _store.WriteAsync(work, cancellationToken)
            : throw new StorageFullException($"The disk of region {region.Name} has no room left for the end of move {order.Move}.");
    }

    // Contents in files are verified as they come; these came in rows.
    private async Task DecodeAsync(Arrived arrived, CancellationToken cancellationToken)
    {
        var decoded = DecodedBatch.Decode(arrived.Batch.Changes);
        foreach (var content in decoded.Contents)
        {
            if (content.IsInline)
            {
                await _store.Contents.VerifyAsync(
                    new StoredContent(content.Id, content.LengthBytes, content.Inline), cancellationToken);
            }
        }

        arrived.Decoded = decoded;
    }

    // Those that came first stay: while a move is prepared, the source neither draws nor destroys one.
    private bool TakeKeys(AccountTransaction transaction, SecretBytes key)
    {
        CheckArriving(transaction);
        if (transaction.Ring is null)
        {
            _store.ImportKeys(transaction, key.Span);
        }

        return true;
    }

    // Rows and cursor in one transaction: progress is recorded where it is applied.
    private bool TakeBatches(AccountTransaction transaction, List<Arrived> batches)
    {
        foreach (var (batch, decoded) in batches.Select(one => (one.Batch, one.Decoded!)))
        {
            var row = CheckArriving(transaction);
            if (row.Cursor != batch.After || batch.Changes.CompleteUpTo < batch.After)
            {
                throw new InvalidDataException($"A batch after {batch.After} where {row.Cursor} is stored.");
            }

            ChangeFeed.Apply(transaction, decoded);
            transaction.PutRow(transaction.Row! with { Cursor = batch.Changes.CompleteUpTo });
        }

        return true;
    }

    // The rows that name this file have committed; or none does any more, and it is an orphan.
    private void Adopt(StreamFrame.Content file)
    {
        _store.Contents.Adopted(file.ContentId);
        Interlocked.Add(ref _unstoredBytes, -file.LengthBytes);
    }

    private AccountRow CheckArriving(AccountTransaction transaction)
        => transaction.Row is { State: AccountState.Arriving } row && row.Move == order.Move
            ? row
            : throw new OperationCanceledException("The account is not arriving in this move any more.");

    private static async Task EndAllAsync(List<Task> tasks)
    {
        foreach (var task in tasks)
        {
            await task.ConfigureAwait(Quiet);
        }

        await (tasks.Find(task => task.IsFaulted) ?? Task.CompletedTask);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Move {Move}: the pull from the source broke ({Cause}); it goes on.")]
    private static partial void LogTrouble(ILogger log, Guid move, string cause);

    /// <param name="Contents">What must be done before it may be stored: it is decoded, its contents are checked, those in files
    /// durable.</param>
    /// <param name="Files">The contents that came as files before it; one may have come twice.</param>
    private sealed record Arrived(StreamFrame.Batch Batch, List<Task> Contents, List<StreamFrame.Content> Files)
    {
        public DecodedBatch? Decoded { get; set; }
    }
}
