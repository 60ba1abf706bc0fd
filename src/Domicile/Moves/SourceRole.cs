using System.Collections.Concurrent;
using System.Diagnostics;
using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Policies;
using Domicile.Proofs.Statements;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// A region's part as the source of moves: who may still read and write here, and the erasure in the end. Each step acts
/// only if order and records match (docs/protocols/move.md), and answers again what it answered before.
/// </summary>
/// <param name="stop">Ends erasures that are under way: they go on when they are asked for again.</param>
internal sealed class SourceRole(RegionContext region, CancellationToken stop = default)
{
    private readonly KeyedGate _starting = new();
    private readonly ConcurrentDictionary<Guid, Task<byte[]>> _erasures = new();

    /// <summary>Erasures that run, and accounts of which somebody asks for one.</summary>
    public int KeptCount => _starting.Count + _erasures.Count;

    /// <summary>Goes on when a move has gone back; null where nobody encrypts anything again.</summary>
    public Reencryptor? Reencryptor { get; init; }

    /// <summary>Step 2: deletions leave tombstones from now on, and the target may pull.</summary>
    public async Task<StepAnswer> PrepareAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        if (Find(order) is not { } store)
        {
            return NotHere(order);
        }

        if (!await region.Directory.WaitForPolicyAsync(
            order.PolicyRevision, MoveLimits.PolicyWaitMax, region.Time, cancellationToken))
        {
            // Not a no: control sends the policy to every region, and asks again.
            throw new RegionRefusedException(
                region.Name, $"policy {order.PolicyRevision} has not arrived yet, {region.Directory.PolicyRevision} is known");
        }

        var categories = store.Read(sql => AccountCategories.Of(sql, order.Account));
        if (region.Permits(order.Profile, categories, order.Target) is Permission.Refused(var reason))
        {
            return new StepAnswer.NotNow($"{region.Name}'s policy {region.Directory.PolicyRevision} says: {reason}");
        }

        // Not a no either: the move begins when there is room for one more key.
        return await store.WriteAsync(transaction => Prepare(transaction, order), cancellationToken)
            ?? throw new RegionRefusedException(
                region.Name, $"the account has {KeyRing.KeysMax} keys: what lies under its former ones is still being encrypted "
                + "again, and the move begins after that");
    }

    /// <summary>Step 3: once this commits, no write of this epoch can.</summary>
    public async Task<StepAnswer> SealAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        if (Find(order) is not { } store)
        {
            return NotHere(order);
        }

        if (!store.TryReserveWayBack())
        {
            return new StepAnswer.NotNow($"The disk of {region.Name} has no room left to go back: make room there, then move.");
        }

        var answer = await store.WriteAsync(transaction => Seal(transaction, order), cancellationToken);

        // The row is read after the commit: writes of the same group commit may have come after the look, before the seal.
        return answer is StepAnswer.Sealed && store.Row is { } row && row.Move == order.Move
            ? new StepAnswer.Sealed(row.Seq, row.Digest.ToArray())
            : answer;
    }

    /// <summary>Step 5: reads stop too, and the source says what it held.</summary>
    public async Task<StepAnswer> DepartAsync(MoveOrder order, CancellationToken cancellationToken)
        => Find(order) is { } store
            ? await store.WriteAsync(transaction => Depart(transaction, order), cancellationToken)
            : NotHere(order);

    /// <summary>The way back. The caller has the target's durable refusal in hand.</summary>
    public async Task<StepAnswer> UnsealAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        var answer = Find(order) is { } store
            ? await store.WriteAsync(transaction => Unseal(transaction, order), cancellationToken)
            : new StepAnswer.Unsealed();
        Reencryptor?.Begin(order.Account);
        return answer;
    }

    /// <summary>Step 7: a tombstone from now on. The caller has the target's activation in hand.</summary>
    public async Task<StepAnswer> SettleAsync(MoveOrder order, CancellationToken cancellationToken)
        => Find(order) is { } store
            ? await store.WriteAsync(transaction => Settle(transaction, order), cancellationToken)
            : NotHere(order);

    /// <summary>
    /// Step 8. Destroying the key is the durable intent: from then on nothing but erasing can happen to this copy. Whoever still
    /// reads it or writes into it has been cut before.
    /// </summary>
    public async Task<StepAnswer> EraseAsync(MoveOrder order, byte[] arrival, CancellationToken cancellationToken)
    {
        if (Find(order) is not { } store)
        {
            return NotHere(order);
        }

        // Whether it is erased already and, if not, that it is begun once: one look at a time. Then the wait.
        Task<byte[]> erasing;
        using (await _starting.EnterAsync(order.Account, cancellationToken))
        {
            var record = store.Read(sql => RegionMoveRecord.Find(sql, order.Account, order.Move, MoveRole.Source));
            switch (record)
            {
                case not null when !record.Matches(order):
                    return new StepAnswer.NotNow($"This move goes to {record.Peer}, not to {order.Target}.");
                case { Outcome: MoveOutcome.Erased, Erasure: { } statement }:
                    _erasures.TryRemove(order.Move, out _);
                    return new StepAnswer.Erased(statement);
                case { Outcome: MoveOutcome.Departed } when IsArrivalOf(order, arrival):
                    erasing = _erasures.GetOrAdd(order.Move, _ => EraseAsync(store, order, arrival, record));
                    break;
                case { Outcome: MoveOutcome.Ended }:
                    return new StepAnswer.Ended();
                default:
                    return new StepAnswer.NotNow($"{region.Name} has not departed from this account in move {order.Move}.");
            }
        }

        return await AnswerAsync(order, erasing, cancellationToken);
    }

    /// <summary>Completes when no erasure writes any more; the stop has been asked for.</summary>
    public Task StoppedAsync()
        => Task.WhenAll(_erasures.Values).ContinueWith(
            _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    // Erasing takes as long as the account is large. The question for it doesn't: a link that dies meanwhile would keep the
    // end from whoever asked, for as long as that waits.
    private async Task<StepAnswer> AnswerAsync(MoveOrder order, Task<byte[]> erasing, CancellationToken cancellationToken)
    {
        try
        {
            return new StepAnswer.Erased(await erasing.WaitAsync(MoveLimits.EraseAnswerMax, region.Time, cancellationToken));
        }
        catch (TimeoutException) when (!erasing.IsCompleted)
        {
            return new StepAnswer.Erasing();
        }
        finally
        {
            if (erasing.IsCompleted)
            {
                _erasures.TryRemove(order.Move, out _);
            }
        }
    }

    private async Task<byte[]> EraseAsync(AccountStore store, MoveOrder order, byte[] arrival, RegionMoveRecord record)
    {
        var erased = await AccountErasure.RunAsync(store, region, stop, sealedAt: record.At);
        var statement = region.Sign(
            order, erased.ToStatement(order.Move, region, order.Epoch, RegionContext.Sha256Hex(arrival)));
        await store.WriteAsync(
            transaction =>
            {
                var row = transaction.Row!;
                Invariant.Check(row.State == AccountState.Departed && row.Epoch == order.Epoch);
                transaction.PutRow(row with { HasData = false });
                (record with { Outcome = MoveOutcome.Erased, Erasure = statement }).Save(transaction.Sql, order.Account);
                ErasureIntent.Remove(transaction);
                return true;
            },
            stop);
        return statement;
    }

    /// <returns>Null where the account has as many keys as it may have: its next home would draw one more.</returns>
    private StepAnswer? Prepare(AccountTransaction transaction, MoveOrder order)
    {
        var row = transaction.Row;
        switch (Recorded(transaction.Sql, order, out var record))
        {
            case { } no:
                return no;
            case null when record is not null && (row?.Move == order.Move || row?.Pulling == order.Move):
                return new StepAnswer.Prepared();
        }

        if (row is not { State: AccountState.Active } || row.Epoch != order.Epoch)
        {
            return new StepAnswer.NotNow($"The account is not active in epoch {order.Epoch} here.");
        }

        if (row.Pulling is { } other && other != order.Move)
        {
            return new StepAnswer.NotNow($"Move {other} is under way.");
        }

        if (transaction.Ring is { Ring.Keys.Length: > KeyRing.MovedKeysMax })
        {
            return null;
        }

        ChangeFeed.DropTombstones(transaction);
        transaction.PutRow(row with { Pulling = order.Move });
        RegionMoveRecord.Of(order, MoveRole.Source, MoveOutcome.Prepared, row.Seq, region.Time.GetUtcNow())
            .Save(transaction.Sql, order.Account);
        return new StepAnswer.Prepared();
    }

    private StepAnswer Seal(AccountTransaction transaction, MoveOrder order)
    {
        var row = transaction.Row;
        if (Recorded(transaction.Sql, order, out var record) is { } no)
        {
            return no;
        }

        if (row is not null && row.Move == order.Move)
        {
            return new StepAnswer.Sealed(row.Seq, row.Digest.ToArray());
        }

        if (row is not { State: AccountState.Active } || row.Epoch != order.Epoch || row.Pulling != order.Move || record is null)
        {
            return new StepAnswer.NotNow($"The account is not active in epoch {order.Epoch} here, with this move prepared.");
        }

        transaction.PutRow(row with { State = AccountState.Sealed, Move = order.Move, Peer = order.Target });
        (record with { Outcome = MoveOutcome.Sealed, Seq = row.Seq, At = region.Time.GetUtcNow() })
            .Save(transaction.Sql, order.Account);
        return new StepAnswer.Sealed(row.Seq, row.Digest.ToArray());
    }

    private StepAnswer Depart(AccountTransaction transaction, MoveOrder order)
    {
        var row = transaction.Row;
        switch (Recorded(transaction.Sql, order, out var record))
        {
            case { } no:
                return no;
            case null when record is { Statement: { } said }:
                return new StepAnswer.Departing(said);
        }

        if (row is not { State: AccountState.Sealed } || row.Move != order.Move || record is null)
        {
            return new StepAnswer.NotNow("The account is not sealed for this move here.");
        }

        var statement = region.Sign(order, new MoveDeparture(
            order.Move, region.Claim, order.Target.Value, order.Epoch, row.Seq, RegionContext.Sha256Hex(row.Digest.Span),
            row.Versions, row.Bytes, record.At, region.Time.GetUtcNow()));
        transaction.PutRow(row with { State = AccountState.Departing });
        (record with { Outcome = MoveOutcome.Departing, Seq = row.Seq, Statement = statement })
            .Save(transaction.Sql, order.Account);
        return new StepAnswer.Departing(statement);
    }

    private StepAnswer Unseal(AccountTransaction transaction, MoveOrder order)
    {
        var row = transaction.Row;
        if (Recorded(transaction.Sql, order, out var record) is { } no)
        {
            return no is StepAnswer.Ended ? new StepAnswer.Unsealed() : no;
        }

        Invariant.Check(record?.Outcome is not (MoveOutcome.Departed or MoveOutcome.Erased));
        if (row is { State: AccountState.Sealed or AccountState.Departing } && row.Move == order.Move)
        {
            transaction.PutRow(row with { State = AccountState.Active, Move = null, Peer = null, Pulling = null });
            ChangeFeed.DropTombstones(transaction);
        }
        else if (row?.Pulling == order.Move && row.State == AccountState.Active)
        {
            // Only of this move: an unseal that comes late must not take the deletions from the next move's target.
            transaction.PutRow(row with { Pulling = null });
            ChangeFeed.DropTombstones(transaction);
        }

        // Also of a move that never came here: its question may still be on its way.
        RegionMoveRecord.Of(order, MoveRole.Source, MoveOutcome.Ended, row?.Seq ?? 0, region.Time.GetUtcNow())
            .Save(transaction.Sql, order.Account);
        return new StepAnswer.Unsealed();
    }

    private static StepAnswer Settle(AccountTransaction transaction, MoveOrder order)
    {
        var row = transaction.Row;
        switch (Recorded(transaction.Sql, order, out var record))
        {
            case StepAnswer.NotNow no:
                return no;
            case null when record is { Outcome: MoveOutcome.Departed or MoveOutcome.Erased }:
                return new StepAnswer.Departed();
        }

        if (row is not { State: AccountState.Departing } || row.Move != order.Move || record is null)
        {
            return new StepAnswer.NotNow("The account is not departing in this move here.");
        }

        transaction.PutRow(row with { State = AccountState.Departed, Move = null, Pulling = null });
        (record with { Outcome = MoveOutcome.Departed }).Save(transaction.Sql, order.Account);
        return new StepAnswer.Departed();
    }

    /// <summary>What this region has on record of the move; the order must be the one that it was prepared by.</summary>
    /// <returns>Null where the step may go on; else the answer.</returns>
    private static StepAnswer? Recorded(Sql sql, MoveOrder order, out RegionMoveRecord? record)
    {
        record = RegionMoveRecord.Find(sql, order.Account, order.Move, MoveRole.Source);
        return record switch
        {
            { Outcome: MoveOutcome.Ended } => new StepAnswer.Ended(),
            not null when !record.Matches(order) => new StepAnswer.NotNow(
                $"This move goes to {record.Peer} from epoch {record.Epoch}, not to {order.Target} from epoch {order.Epoch}."),
            _ => null,
        };
    }

    // Whoever asks for the erasure shows that the target has the account; the key behind the signature is checked where
    // the receipt is, this stops a mistaken or replayed order.
    private static bool IsArrivalOf(MoveOrder order, byte[] arrival)
        => RegionContext.Read<MoveArrival>(arrival) is { } said && said.MoveId == order.Move && said.EpochBefore == order.Epoch;

    private AccountStore? Find(MoveOrder order)
        => order.Source == region.Name ? region.Storage.Find(order.Account)
            : throw new UnreachableException($"{region.Name} was asked as the source of a move from {order.Source}.");

    private StepAnswer.NotNow NotHere(MoveOrder order) => new($"{region.Name} knows nothing of account {order.Account}.");
}
