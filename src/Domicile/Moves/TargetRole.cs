using System.Collections.Concurrent;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Policies;
using Domicile.Proofs.Statements;
using Domicile.Storage;
using Microsoft.Extensions.Logging;

namespace Domicile.Moves;

/// <summary>
/// A region's part as the target of moves. Its record of activated and refused moves is the arbiter: whoever doubts what
/// became of a move asks here.
/// </summary>
internal sealed partial class TargetRole(RegionContext region, ArrivalPulls pulls, ILogger<TargetRole> log) : IAsyncDisposable
{
    private readonly KeyedGate _wiping = new();

    // Those under way: nobody but their end needs them.
    private readonly ConcurrentDictionary<object, Task> _wipes = new();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Accounts that are being wiped.</summary>
    public int KeptCount => _wiping.Count + _wipes.Count;

    /// <summary>Step 2: begins to be filled, or says how far it is: when it has nearly caught up, or after a moment.</summary>
    public async Task<StepAnswer> ArriveAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        var store = region.Storage.Open(order.Account);
        if (store.Row is { HasData: true, State: AccountState.None or AccountState.Departed })
        {
            await ResumeAsync(store, cancellationToken);
        }

        var answer = await store.WriteAsync(transaction => Arrive(transaction, store, order), cancellationToken);
        if (answer is not StepAnswer.Arriving)
        {
            return answer;
        }

        pulls.Begin(order);
        var progress = await pulls.WaitForProgressAsync(order, cancellationToken);
        if (pulls.DamageOf(order) is { } damage)
        {
            return await RefuseAsync(order, damage, cancellationToken);
        }

        if (progress.IsNear && !store.TryReserveWayBack())
        {
            // Not a no: room may come.
            throw new RegionRefusedException(
                region.Name, "its disk has no room left for the end of the move, so writes are not stopped: make room there");
        }

        // Before the seal, so that it keeps nobody waiting. The activation looks again if it must.
        if (!progress.IsNear || store.IsOnlyWriter)
        {
            return progress;
        }

        var changed = await store.WriteAsync(transaction => RefuseIfChanged(transaction, store, order), cancellationToken);
        await ClearAsync(store, order, changed ?? progress);
        return changed ?? progress;
    }

    /// <summary>Step 4: answers when all up to the final seq is stored.</summary>
    public async Task<StepAnswer> DrainAsync(MoveOrder order, long finalSeq, CancellationToken cancellationToken)
    {
        var store = region.Storage.Open(order.Account);
        if (store.Row is { State: AccountState.Arriving } arriving && arriving.Move == order.Move)
        {
            pulls.Begin(order); // not for a question of a former move that comes late: it would end this one's pull
        }

        var deadline = new Deadline(region.Time, MoveLimits.DrainMax);
        while (true)
        {
            var ticket = store.CommitCount;
            if (store.Read(sql => Decided(sql, order)) is { } decided)
            {
                return decided;
            }

            if (store.Row is not { State: AccountState.Arriving } row || row.Move != order.Move)
            {
                return new StepAnswer.NotNow("The account is not arriving in this move here.");
            }

            if (row.Cursor >= finalSeq)
            {
                return new StepAnswer.Drained(row.Cursor, row.Digest.ToArray());
            }

            if (deadline.IsOver || !await WaitAsync(store, ticket, deadline, cancellationToken))
            {
                if (pulls.DamageOf(order) is { } damage)
                {
                    return await RefuseAsync(order, damage, cancellationToken);
                }

                return new StepAnswer.NotNow($"Stored up to {row.Cursor} of {finalSeq}.");
            }
        }
    }

    /// <summary>Step 6. This transaction is the commit point of the move.</summary>
    public async Task<StepAnswer> ActivateAsync(
        MoveOrder order, long finalSeq, byte[] digest, byte[] departure, CancellationToken cancellationToken)
    {
        var store = region.Storage.Open(order.Account);
        var answer = await store.WriteAsync(
            transaction => Activate(transaction, store, order, finalSeq, digest, departure), cancellationToken);
        if (answer is StepAnswer.Activated)
        {
            pulls.End(order);
        }

        await ClearAsync(store, order, answer);
        return answer;
    }

    /// <summary>"Tell me that it is activated, or never do it": one transaction, also for a move never heard of.</summary>
    public async Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
    {
        var store = region.Storage.Open(order.Account);
        var answer = await store.WriteAsync(transaction => Refuse(transaction, order, reason), cancellationToken);
        await ClearAsync(store, order, answer);
        return answer;
    }

    /// <summary>An operator has looked at what a failed move left: it goes.</summary>
    public Task DiscardAsync(MoveOrder order, CancellationToken cancellationToken)
        => WipeAsync(region.Storage.Open(order.Account), order.Account, cancellationToken);

    /// <summary>After a crash: removes what a refused move has brought, unless it is kept for inspection.</summary>
    public async Task ResumeAsync(AccountStore store, CancellationToken cancellationToken)
    {
        var last = store.Read(sql => RegionMoveRecord.FindLastArrival(sql, store.Account));
        if (last is { Outcome: MoveOutcome.Refused } && !MoveReasons.KeepsBoth(ReasonOf(last)))
        {
            await WipeAsync(store, store.Account, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_wipes.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    // The refusal is durable and its answer lets the source's writes go on: wiping must not keep them waiting. What an
    // interrupted wipe leaves, the next start or the next arrival removes.
    private async ValueTask ClearAsync(AccountStore store, MoveOrder order, StepAnswer answer)
    {
        if (answer is not StepAnswer.Refused(var reason))
        {
            return;
        }

        pulls.End(order);
        await CrashPoint.ReachAsync("refuse.recorded", order.Account);
        if (!MoveReasons.KeepsBoth(reason))
        {
            BeginWipe(store, order.Account);
        }
    }

    private void BeginWipe(AccountStore store, AccountId account)
    {
        var (wipe, ended) = (new object(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _wipes[wipe] = ended.Task;
        region.Storage.Workers.Run(async () =>
        {
            try
            {
                await WipeInTheEndAsync(store, account);
            }
            finally
            {
                _wipes.TryRemove(wipe, out _);
                ended.SetResult();
            }
        });
    }

    // A disk that is full, or a database that another program holds, must not leave data where it isn't permitted.
    private async Task WipeInTheEndAsync(AccountStore store, AccountId account)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                await WipeAsync(store, account, _stop.Token);
                return;
            }
            catch (Exception e) when (e is IOException or DbException or RegionRefusedException)
            {
                LogNotWiped(log, account, e.Message);
                await Task.Delay(MoveLimits.RetryAfter(failures), region.Time, _stop.Token);
            }
        }
    }

    private async Task WipeAsync(AccountStore store, AccountId account, CancellationToken cancellationToken)
    {
        using var alone = await _wiping.EnterAsync(account, cancellationToken);
        await pulls.EndedAsync(account);
        if (store.Row is not { HasData: true, State: AccountState.None or AccountState.Departed } || IsOwnCopy(store))
        {
            return;
        }

        await AccountErasure.RunAsync(store, region, cancellationToken);
        await store.WriteAsync(
            transaction =>
            {
                transaction.SetSeqAndDigest(0, new byte[Proofs.SetDigest.LengthBytes]);
                transaction.PutRow(transaction.Row! with { HasData = false });
                ErasureIntent.Remove(transaction);
                return true;
            },
            cancellationToken);
    }

    private StepAnswer Arrive(AccountTransaction transaction, AccountStore store, MoveOrder order)
    {
        if (Decided(transaction.Sql, order) is { } decided)
        {
            return decided;
        }

        var row = transaction.Row;
        if (row is { State: AccountState.Arriving } && row.Move == order.Move)
        {
            return new StepAnswer.Arriving(row.Cursor, row.Cursor, row.Versions, row.Bytes, null);
        }

        if (row is not (null or { State: AccountState.None or AccountState.Departed, HasData: false }))
        {
            return Refuse(transaction, order, $"{region.Name} still has data of the account ({row.State}, epoch {row.Epoch}).");
        }

        transaction.PutRow(new AccountRow(
            order.Profile, order.Epoch, AccountState.Arriving, 0, new byte[Proofs.SetDigest.LengthBytes], order.Move,
            order.Source, Cursor: 0, Pulling: null, HasData: true));
        transaction.SetSeqAndDigest(0, new byte[Proofs.SetDigest.LengthBytes]);
        RegionMoveRecord.Of(order, MoveRole.Target, MoveOutcome.Arriving, 0, region.Time.GetUtcNow())
            .Save(transaction.Sql, order.Account);
        store.IsOnlyWriter = true;
        return new StepAnswer.Arriving(0, 0, 0, 0, null);
    }

    private StepAnswer Activate(
        AccountTransaction transaction, AccountStore store, MoveOrder order, long finalSeq, byte[] digest, byte[] departure)
    {
        if (Decided(transaction.Sql, order) is { } decided)
        {
            return decided;
        }

        if (region.Directory.PolicyRevision < order.PolicyRevision)
        {
            return new StepAnswer.NotNow(
                $"{region.Name} has policy {region.Directory.PolicyRevision}, the move needs {order.PolicyRevision}.");
        }

        var row = transaction.Row;
        if (row is not { State: AccountState.Arriving } || row.Move != order.Move || row.Cursor < finalSeq)
        {
            return Refuse(transaction, order, $"{region.Name} has not stored everything.");
        }

        ChangeFeed.DropUnreferenced(transaction);
        var categories = AccountCategories.Of(transaction.Sql, order.Account);
        if (region.Permits(order.Profile, categories, region.Name) is Permission.Refused(var reason))
        {
            return Refuse(transaction, order, reason);
        }

        if (!CryptographicOperations.FixedTimeEquals(row.Digest.Span, digest))
        {
            return Refuse(transaction, order, MoveReasons.DigestsDiffer);
        }

        if (RefuseIfChanged(transaction, store, order) is { } changed)
        {
            return changed;
        }

        var now = region.Time.GetUtcNow();
        return RegionContext.Read<MoveDeparture>(departure) is { } said && Clocks.TroubleOf(region.Name, now, said) is { } trouble
            ? new StepAnswer.NotNow(trouble)
            : BecomeHome(transaction, store, order, row, finalSeq, departure, now);
    }

    // The set digest says what was stored here. As long as nobody else has written into the database, that is what is there,
    // and comparing digests is enough; else, or after a restart, which can't know, the rows are read once more.
    private StepAnswer? RefuseIfChanged(AccountTransaction transaction, AccountStore store, MoveOrder order)
    {
        if (!store.IsOnlyWriter)
        {
            if (transaction.Row is not { State: AccountState.Arriving } row || row.Move != order.Move)
            {
                return null;
            }

            var found = ChangeFeed.ComputeDigest(transaction.Sql, order.Account);
            if (!CryptographicOperations.FixedTimeEquals(found, row.Digest.Span))
            {
                return Refuse(transaction, order, MoveReasons.RowsChanged);
            }

            store.IsOnlyWriter = true;
        }

        return null;
    }

    private StepAnswer.Activated BecomeHome(
        AccountTransaction transaction, AccountStore store, MoveOrder order, AccountRow row, long finalSeq, byte[] departure,
        DateTimeOffset now)
    {
        var statement = region.Sign(order, new MoveArrival(
            order.Move, region.Claim, order.Source.Value, order.Epoch, order.Epoch + 1, finalSeq,
            RegionContext.Sha256Hex(row.Digest.Span), row.Versions, row.Bytes, now, RegionContext.Sha256Hex(departure)));
        transaction.SetSeq(finalSeq);
        transaction.PutRow(transaction.Row! with
        {
            State = AccountState.Active,
            Epoch = order.Epoch + 1,
            Move = null,
            Peer = null,
            Cursor = 0,
        });

        // Whoever kept the keys that came can't read what is written from here on.
        RekeyRow.Begin(transaction, store, order.Move);
        RegionMoveRecord.Of(order, MoveRole.Target, MoveOutcome.Activated, finalSeq, now, statement)
            .Save(transaction.Sql, order.Account);
        return new StepAnswer.Activated(statement);
    }

    private StepAnswer Refuse(AccountTransaction transaction, MoveOrder order, string reason)
    {
        if (Decided(transaction.Sql, order) is { } decided)
        {
            return decided;
        }

        var bounded = PeerText.Clean(reason);
        RegionMoveRecord.Of(
            order, MoveRole.Target, MoveOutcome.Refused, 0, region.Time.GetUtcNow(), Encoding.UTF8.GetBytes(bounded))
            .Save(transaction.Sql, order.Account);
        if (transaction.Row is { State: AccountState.Arriving } row && row.Move == order.Move)
        {
            // Back to what it was: nothing, or the tombstone of the last departure. What was copied is still to be wiped.
            var before = RegionMoveRecord.FindLastDeparture(transaction.Sql, order.Account);
            transaction.PutRow(row with
            {
                State = before is null ? AccountState.None : AccountState.Departed,
                Epoch = before?.Epoch ?? 0,
                Peer = before?.Peer,
                Move = null,
                Cursor = 0,
            });
        }

        return new StepAnswer.Refused(bounded);
    }

    private static StepAnswer? Decided(Sql sql, MoveOrder order)
        => RegionMoveRecord.Find(sql, order.Account, order.Move, MoveRole.Target) switch
        {
            { } other when !other.Matches(order) => new StepAnswer.NotNow(
                $"This move comes from {other.Peer} in epoch {other.Epoch}, not from {order.Source} in epoch {order.Epoch}."),
            { Outcome: MoveOutcome.Activated, Statement: { } statement } => new StepAnswer.Activated(statement),
            { Outcome: MoveOutcome.Refused } record => new StepAnswer.Refused(ReasonOf(record)),
            _ => null,
        };

    private static string ReasonOf(RegionMoveRecord refused) => Encoding.UTF8.GetString(refused.Statement ?? []);

    // A tombstone whose own erasure is still to come has data too, which is the source role's to erase, not ours.
    private static bool IsOwnCopy(AccountStore store)
        => store.Row!.State == AccountState.Departed
            && store.Read(sql => RegionMoveRecord.FindLastDeparture(sql, store.Account)) is { Outcome: MoveOutcome.Departed };

    private static async Task<bool> WaitAsync(
        AccountStore store, long ticket, Deadline deadline, CancellationToken cancellationToken)
    {
        try
        {
            await deadline.WaitAsync(store.ChangedSince(ticket, cancellationToken), cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "What a refused move brought of account {Account} could not be cleared away yet ({Cause}); it is tried again.")]
    private static partial void LogNotWiped(ILogger log, AccountId account, string cause);
}
