using Domicile.Moves;
using Domicile.Simulation.Machines;
using Domicile.Storage;

namespace Domicile.Simulation.Seeding;

/// <summary>A region with one of the bugs.</summary>
internal sealed class BuggyRegion(RegionMachine machine, IRegionPeer inner, SeededBug bug, bool isWithoutDigests) : PeerDecorator(inner)
{
    private static readonly byte[] NoDigest = [];

    public override async Task<StepAnswer> SealAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        var before = Store(order).Row;
        if (bug == SeededBug.FinalPositionBeforeDrain)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), machine.Life!.Time, cancellationToken);
        }

        var answer = await base.SealAsync(order, cancellationToken);
        return answer is not StepAnswer.Sealed(var seq, var digest) ? answer
            : new StepAnswer.Sealed(
                bug == SeededBug.FinalPositionBeforeDrain ? before!.Seq : seq, isWithoutDigests ? NoDigest : digest);
    }

    public override async Task<StepAnswer> DrainAsync(MoveOrder order, long finalSeq, CancellationToken cancellationToken)
        => await base.DrainAsync(order, bug == SeededBug.StopBeforePosition ? 0 : finalSeq, cancellationToken) switch
        {
            StepAnswer.Drained(var seq, _) when isWithoutDigests => new StepAnswer.Drained(seq, NoDigest),
            var answer => answer,
        };

    public override async Task<StepAnswer> DepartAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        var answer = await base.DepartAsync(order, cancellationToken);
        if (bug == SeededBug.EraseBeforeCommit && answer is StepAnswer.Departing)
        {
            await AccountErasure.RunAsync(Store(order), machine.Up.Region, cancellationToken);
        }

        return answer;
    }

    public override async Task<StepAnswer> ActivateAsync(
        MoveOrder order, long finalSeq, byte[] digest, byte[] departure, CancellationToken cancellationToken)
    {
        var row = Store(order).Row;
        var answer = await base.ActivateAsync(
            order, bug == SeededBug.StopBeforePosition ? row?.Cursor ?? 0 : finalSeq,
            isWithoutDigests && row is not null ? row.Digest.ToArray() : digest, departure, cancellationToken);
        if (bug == SeededBug.IntentAfterAct && answer is StepAnswer.Activated)
        {
            await RecordLateAsync(order);
        }

        return answer;
    }

    public override Task<StepAnswer> UnsealAsync(MoveOrder order, CancellationToken cancellationToken)
        => bug == SeededBug.AbortForgetsSeal
            ? Task.FromResult<StepAnswer>(new StepAnswer.Unsealed())
            : base.UnsealAsync(order, cancellationToken);

    // The account is open; the record that says so comes a moment later, if the machine lives so long.
    private async Task RecordLateAsync(MoveOrder order)
    {
        var store = Store(order);
        var record = store.Read(sql => RegionMoveRecord.Find(sql, order.Account, order.Move, MoveRole.Target))!;
        await store.WriteAsync(
            transaction => transaction.Sql.Execute(
                "DELETE FROM move_record WHERE account = @p1 AND move = @p2", order.Account.Value, order.Move.ToString()),
            default);
        await Task.Delay(TimeSpan.FromMilliseconds(500), machine.Life!.Time);
        await store.WriteAsync(
            transaction =>
            {
                record.Save(transaction.Sql, order.Account);
                return true;
            },
            default);
    }

    private AccountStore Store(MoveOrder order) => machine.Up.Region.Storage.Open(order.Account);
}

/// <summary>Takes the silence of a target for its no.</summary>
internal sealed class BlindControl(IRegionPeer inner) : PeerDecorator(inner)
{
    public override async Task<StepAnswer> ActivateAsync(
        MoveOrder order, long finalSeq, byte[] digest, byte[] departure, CancellationToken cancellationToken)
    {
        try
        {
            return await base.ActivateAsync(order, finalSeq, digest, departure, cancellationToken);
        }
        catch (RegionUnreachableException)
        {
            return new StepAnswer.Refused("There was no answer.");
        }
    }
}
