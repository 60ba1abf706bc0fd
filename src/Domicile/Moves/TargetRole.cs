using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Policies;
using Domicile.Proofs.Statements;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// A region's part as the target of moves. Its record of activated and refused moves is the arbiter: whoever doubts what
/// became of a move asks here.
/// </summary>
internal sealed class TargetRole(RegionContext region, ArrivalPulls pulls) : IAsyncDisposable
{
    private readonly KeyedGate _wiping = new();
    private readonly ConcurrentDictionary<AccountId, Task> _wipes = new();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Step 2: begins to be filled, or says how far it is: when it has nearly caught up, or after a moment.</summary>
    public async Task<StepAnswer> ArriveAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        var store = region.Storage.Open(order.Account);
        if (store.Row is { HasData: true, State: AccountState.None or AccountState.Departed })
        {
            await ResumeAsync(store, cancellationToken);
        }

        var answer = await store.WriteAsync(transaction => Arrive(transaction, order), cancellationToken);
        if (answer is not StepAnswer.Arriving)
        {
            return answer;
        }

        pulls.Begin(order);
        return await pulls.WaitForProgressAsync(order, cancellationToken);
    }

    /// <summary>Step 4: answers when all up to the final seq is stored.</summary>
    public async Task<StepAnswer> DrainAsync(MoveOrder order, long finalSeq, CancellationToken cancellationToken)
    {
        var store = region.Storage.Open(order.Account);
        if (store.Row is { State: AccountState.Arriving } arriving && arriving.Move == order.Move)
        {
            pulls.Begin(order); // not for a question of a former move that comes late: it would end this one's pull
        }

        var deadline = region.Time.GetUtcNow() + MoveLimits.DrainMax;
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

            var left = deadline - region.Time.GetUtcNow();
            if (left <= TimeSpan.Zero || !await WaitAsync(store, ticket, left, cancellationToken))
            {
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
            transaction => Activate(transaction, order, finalSeq, digest, departure), cancellationToken);
        if (answer is StepAnswer.Activated)
        {
            pulls.End(order);
        }

        Clear(store, order, answer);
        return answer;
    }

    /// <summary>"Tell me that it is activated, or never do it": one transaction, also for a move never heard of.</summary>
    public async Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
    {
        var store = region.Storage.Open(order.Account);
        var answer = await store.WriteAsync(transaction => Refuse(transaction, order, reason), cancellationToken);
        Clear(store, order, answer);
        return answer;
    }

    /// <summary>An operator has looked at what a failed move left: it goes.</summary>
    public Task DiscardAsync(MoveOrder order, CancellationToken cancellationToken)
        => WipeAsync(region.Storage.Open(order.Account), order.Account, cancellationToken);

    /// <summary>After a crash: removes what a refused move has brought, unless it is kept for inspection.</summary>
    public async Task ResumeAsync(AccountStore store, CancellationToken cancellationToken)
    {
        var last = store.Read(sql => RegionMoveRecord.FindLastArrival(sql, store.Account));
        if (last is { Outcome: MoveOutcome.Refused } && ReasonOf(last) != MoveReasons.DigestsDiffer)
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

    // The refusal is durable and its answer lets the source's writes go on: wiping must not keep them waiting. What a
    // failed or interrupted wipe leaves, the next start or the next arrival removes.
    private void Clear(AccountStore store, MoveOrder order, StepAnswer answer)
    {
        if (answer is not StepAnswer.Refused(var reason))
        {
            return;
        }

        pulls.End(order);
        CrashPoint.Reach("refuse.recorded");
        if (reason != MoveReasons.DigestsDiffer)
        {
            _wipes[order.Account] = region.Storage.Workers.Run(() => WipeAsync(store, order.Account, _stop.Token));
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

        await AccountErasure.RunAsync(store, region.Time, cancellationToken);
        await store.WriteAsync(
            transaction =>
            {
                transaction.SetSeqAndDigest(0, new byte[Proofs.SetDigest.LengthBytes]);
                transaction.PutRow(transaction.Row! with { HasData = false });
                return true;
            },
            cancellationToken);
    }

    private StepAnswer Arrive(AccountTransaction transaction, MoveOrder order)
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
        return new StepAnswer.Arriving(0, 0, 0, 0, null);
    }

    private StepAnswer Activate(
        AccountTransaction transaction, MoveOrder order, long finalSeq, byte[] digest, byte[] departure)
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

        return BecomeHome(transaction, order, row, finalSeq, departure);
    }

    private StepAnswer.Activated BecomeHome(
        AccountTransaction transaction, MoveOrder order, AccountRow row, long finalSeq, byte[] departure)
    {
        var statement = region.Sign(order, new MoveArrival(
            order.Move, region.Claim, order.Source.Value, order.Epoch, order.Epoch + 1, finalSeq,
            RegionContext.Sha256Hex(row.Digest.Span), row.Versions, row.Bytes, region.Time.GetUtcNow(),
            RegionContext.Sha256Hex(departure)));
        transaction.SetSeq(finalSeq);
        transaction.PutRow(transaction.Row! with
        {
            State = AccountState.Active,
            Epoch = order.Epoch + 1,
            Move = null,
            Peer = null,
            Cursor = 0,
        });
        new RegionMoveRecord(
            order.Move, MoveRole.Target, MoveOutcome.Activated, order.Epoch, order.Source, finalSeq,
            region.Time.GetUtcNow(), statement, null).Save(transaction.Sql, order.Account);
        return new StepAnswer.Activated(statement);
    }

    private StepAnswer Refuse(AccountTransaction transaction, MoveOrder order, string reason)
    {
        if (Decided(transaction.Sql, order) is { } decided)
        {
            return decided;
        }

        if (transaction.Row is { State: AccountState.Arriving } other && other.Move == order.Move && other.Peer != order.Source)
        {
            return new StepAnswer.NotNow($"This move arrives from {other.Peer}, not from {order.Source}.");
        }

        new RegionMoveRecord(
            order.Move, MoveRole.Target, MoveOutcome.Refused, order.Epoch, order.Source, 0, region.Time.GetUtcNow(),
            Encoding.UTF8.GetBytes(reason), null).Save(transaction.Sql, order.Account);
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

        return new StepAnswer.Refused(reason);
    }

    private static StepAnswer? Decided(Sql sql, MoveOrder order)
        => RegionMoveRecord.Find(sql, order.Account, order.Move, MoveRole.Target) switch
        {
            { Outcome: MoveOutcome.Activated, Statement: { } statement } => new StepAnswer.Activated(statement),
            { Outcome: MoveOutcome.Refused } record => new StepAnswer.Refused(ReasonOf(record)),
            _ => null,
        };

    private static string ReasonOf(RegionMoveRecord refused) => Encoding.UTF8.GetString(refused.Statement ?? []);

    // A tombstone whose own erasure is still to come has data too, which is the source role's to erase, not ours.
    private static bool IsOwnCopy(AccountStore store)
        => store.Row!.State == AccountState.Departed
            && store.Read(sql => RegionMoveRecord.FindLastDeparture(sql, store.Account)) is { Outcome: MoveOutcome.Departed };

    private async Task<bool> WaitAsync(
        AccountStore store, long ticket, TimeSpan atMost, CancellationToken cancellationToken)
    {
        try
        {
            await store.ChangedSince(ticket, cancellationToken).WaitAsync(atMost, region.Time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
