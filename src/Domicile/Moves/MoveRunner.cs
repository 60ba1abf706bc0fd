using System.Diagnostics;
using System.Security.Cryptography;
using Domicile.Accounts;
using Microsoft.Extensions.Logging;

namespace Domicile.Moves;

/// <summary>
/// Carries one move from wherever it stands to its end.
/// </summary>
/// <remarks>
/// <code>
///   (1) plan       accepted, waits for its turn             serves: source
///   (2) copy       target pulls until it is near            serves: source
///   (3) seal       source stops writes                      serves: source (reads); writes wait
///   (4) drain      target pulls the rest, digests compare   serves: source (reads); writes wait
///   (5) depart     source stops reads                       requests wait
///   (6) activate   target's one transaction: COMMIT         serves: target
///   (7) settle     source becomes a tombstone, directory    serves: target
///   (8) erase      nothing is left at the source            serves: target
///   (9) receipt    into the ledger                          serves: target
///   back           refuse (target, for ever), then unseal   serves: source
/// </code>
/// Each step is saved before it acts, may be repeated, and is decided by what the regions answer; no answer means ask
/// again. Two runners of one move are safe: the regions' records decide, and the save is a compare-and-set.
/// </remarks>
internal sealed partial class MoveRunner(
    IMoveControl control, IMoveRecords records, OrderSigner orders, MoveProgress progress, TimeProvider time,
    ILogger<MoveRunner> log)
{
    /// <summary>Runs until the move has settled (<paramref name="untilSettled"/>) or is over.</summary>
    /// <exception cref="OperationCanceledException">Stopped; the saved move stays true.</exception>
    public async Task<Move> RunAsync(Guid id, bool untilSettled, CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            var move = records.Find(id)!;
            if (untilSettled ? move.HasSettled : move.IsOver)
            {
                return move;
            }

            try
            {
                var next = await StepAsync(move, cancellationToken);
                failures = next == move ? failures : 0;
                if (next != move)
                {
                    await CrashPoint.ReachAsync($"{move.State}-{next.State}.saving", move.Account);
                    await records.SaveAsync(move, next, cancellationToken);
                    await CrashPoint.ReachAsync($"{move.State}-{next.State}.saved", move.Account);
                }
            }
            catch (Exception e) when (e is IOException or RegionRefusedException or HttpRequestException)
            {
                // No answer means nothing. The record says where to go on, now or after a restart.
                failures++;
                Trouble(move, e.Message);
                await Task.Delay(MoveLimits.RetryAfter(failures), time, cancellationToken);
            }
        }
    }

    private Task<Move> StepAsync(Move move, CancellationToken cancellationToken)
        => move.State switch
        {
            MoveState.Planned => Task.FromResult(Begin(move)),
            MoveState.Copying => CopyAsync(move, cancellationToken),
            MoveState.Sealing => SealAsync(move, cancellationToken),
            MoveState.Draining => DrainAsync(move, cancellationToken),
            MoveState.Departing => DepartAsync(move, cancellationToken),
            MoveState.Activating => ActivateAsync(move, cancellationToken),
            MoveState.Refusing => RefuseAsync(move, cancellationToken),
            MoveState.Unsealing => UnsealAsync(move, cancellationToken),
            MoveState.Settling => SettleAsync(move, cancellationToken),
            MoveState.Erasing => EraseAsync(move, cancellationToken),
            _ => throw new UnreachableException(move.State.ToString()),
        };

    private Move Begin(Move move)
    {
        progress.BeginTurn(move, time.GetTimestamp());
        return move with { State = MoveState.Copying };
    }

    private async Task<Move> CopyAsync(Move move, CancellationToken cancellationToken)
    {
        if (GoesBack(move) is { } back)
        {
            return back;
        }

        // :: Step 2: the source lets the target follow; the target follows until it is near.
        if (await Source(move).PrepareAsync(Order(move), cancellationToken) is not StepAnswer.Prepared and var answer)
        {
            return Back(move, ReasonOf(answer));
        }

        switch (await Target(move).ArriveAsync(Order(move), cancellationToken))
        {
            case StepAnswer.Arriving arriving:
                progress.Set(move.Id, arriving);
                if (!arriving.IsNear)
                {
                    return move;
                }

                // The way to both is open, and what they will sign can become a receipt: no write waits for that, once writes wait.
                if (await FindTroubleAsync(move, cancellationToken) is { } trouble)
                {
                    return await WaitAsync(move, trouble, cancellationToken);
                }

                return move with { State = MoveState.Sealing, Objects = arriving.Objects, Bytes = arriving.Bytes };
            case var other:
                return Decided(move, other) ?? Back(move, ReasonOf(other));
        }
    }

    private async Task<Move> SealAsync(Move move, CancellationToken cancellationToken)
    {
        if (GoesBack(move) is { } back)
        {
            return back;
        }

        // :: Step 3: no write commits at the source any more; from here on writes wait.
        progress.BeginPause(move.Id, time.GetTimestamp());
        return await Source(move).SealAsync(Order(move), cancellationToken) switch
        {
            StepAnswer.Sealed(var finalSeq, var digest) => move with
            {
                State = MoveState.Draining,
                FinalSeq = finalSeq,
                Digest = digest,
                SealedAt = time.GetUtcNow(),
            },
            var other => Back(move, ReasonOf(other)),
        };
    }

    private async Task<Move> DrainAsync(Move move, CancellationToken cancellationToken)
    {
        // :: Step 4: the target has everything, and both say the same of it.
        switch (await Target(move).DrainAsync(Order(move), move.FinalSeq!.Value, cancellationToken))
        {
            case StepAnswer.Drained(_, var digest):
                return CryptographicOperations.FixedTimeEquals(digest, move.Digest)
                    ? move with { State = MoveState.Departing }
                    : Back(move, MoveReasons.DigestsDiffer);
            case StepAnswer.NotNow(var why) when !IsSealedForLong(move):
                Trouble(move, why);
                return move;
            case var other:
                return Decided(move, other) ?? Back(move, $"The target could not drain in time: {ReasonOf(other)}");
        }
    }

    private async Task<Move> DepartAsync(Move move, CancellationToken cancellationToken)
    {
        // :: Step 5: reads stop too.
        return await Source(move).DepartAsync(Order(move), cancellationToken) switch
        {
            StepAnswer.Departing(var statement) => await control.FindTroubleAsync(move, statement, cancellationToken) is { } trouble
                ? Back(move, trouble)
                : move with { State = MoveState.Activating, Departure = statement },
            var other => Back(move, ReasonOf(other)),
        };
    }

    private async Task<Move> ActivateAsync(Move move, CancellationToken cancellationToken)
    {
        if (GoesBack(move) is { } back)
        {
            return back;
        }

        // :: Step 6: the target's transaction is the commit point. Asking again is safe: it answers from its record.
        // The order names the policy that has just permitted it, so that a target which knows only an older one waits.
        var order = orders.Sign(
            move.Order with { PolicyRevision = Math.Max(move.PolicyRevision, control.Permit(move).PolicyRevision) });
        var answer = await Target(move).ActivateAsync(
            order, move.FinalSeq!.Value, move.Digest!, move.Departure!, cancellationToken);
        if (answer is StepAnswer.NotNow(var why))
        {
            Trouble(move, why);
            await Task.Delay(MoveLimits.RetryFirst, time, cancellationToken);
            return IsSealedForLong(move) ? Back(move, why) : move;
        }

        return Decided(move, answer) ?? throw new UnreachableException(answer.ToString());
    }

    private async Task<Move> RefuseAsync(Move move, CancellationToken cancellationToken)
    {
        // :: Back, step 1: the target's durable word, or the news that it was too late to go back.
        var answer = await Target(move).RefuseAsync(Order(move), move.Reason ?? "Aborted.", cancellationToken);
        return Decided(move, answer) ?? throw new UnreachableException(answer.ToString());
    }

    private async Task<Move> UnsealAsync(Move move, CancellationToken cancellationToken)
    {
        // :: Back, step 2: the source goes on as before.
        if (await Source(move).UnsealAsync(Order(move), cancellationToken) is not StepAnswer.Unsealed and var answer)
        {
            throw new RegionRefusedException(move.Source, ReasonOf(answer));
        }

        var hasFailed = MoveReasons.KeepsBoth(move.Reason);
        return move with { State = hasFailed ? MoveState.Failed : MoveState.Aborted, EndedAt = time.GetUtcNow() };
    }

    private async Task<Move> SettleAsync(Move move, CancellationToken cancellationToken)
    {
        // :: Step 7: waiting requests follow as soon as the source knows; the directory is a hint and may come after.
        var settled = await Source(move).SettleAsync(Order(move), cancellationToken);

        // A process that did not begin the pause goes by the clock: the seal's answer is on record.
        var pauseMs = (progress.FindPause(move.Id, time) ?? time.GetUtcNow() - move.SealedAt)?.TotalMilliseconds;
        await control.SetHomeAsync(move.Account, move.Target, move.Epoch + 1, cancellationToken);
        return settled is StepAnswer.Departed
            ? move with
            {
                State = MoveState.Erasing,
                PauseMs = move.PauseMs ?? Math.Max(0, pauseMs ?? 0),
                Took = move.Took ?? progress.EndTurn(move.Id, time),
            }
            : throw new RegionRefusedException(move.Source, ReasonOf(settled));
    }

    private async Task<Move> EraseAsync(Move move, CancellationToken cancellationToken)
    {
        if (move.Erasure is null)
        {
            await WaitToEraseAsync(move, cancellationToken);
            progress.BeginAfter(move.Id, time.GetTimestamp());
            if (await FindClockTroubleAsync(move.Source, cancellationToken) is { } trouble)
            {
                return await WaitAsync(move, trouble, cancellationToken);
            }

            // :: Step 8: the source erases, and signs it.
            switch (await Source(move).EraseAsync(Order(move), move.Arrival!, cancellationToken))
            {
                case StepAnswer.Erased(var statement):
                    // Nobody waits there any more: the target takes no writes of this move from there from now on.
                    await Target(move).EndHandOversAsync(Order(move), statement, cancellationToken);
                    return move with { Erasure = statement, ErasedAt = time.GetUtcNow() };
                case StepAnswer.Erasing:
                    return move;
                case var other:
                    throw new RegionRefusedException(move.Source, ReasonOf(other));
            }
        }

        // :: Step 9: the receipt. What can't become one any more must not keep the account from its next move.
        if (!(await control.AppendReceiptAsync(move, cancellationToken)).Is(out var index, out var unproven))
        {
            return move with { State = MoveState.Unproven, Reason = unproven, EndedAt = time.GetUtcNow() };
        }

        return move with
        {
            State = MoveState.Done,
            LedgerIndex = index,
            EndedAt = time.GetUtcNow(),
            Took = move.Took is { } took ? took with { AfterMs = progress.EndAfter(move.Id, time) } : null,
        };
    }

    // Before writes wait for it: clocks, keys and facts of both.
    private async Task<string?> FindTroubleAsync(Move move, CancellationToken cancellationToken)
    {
        var both = await Task.WhenAll(new[] { move.Source, move.Target }.Select(async region =>
        {
            var (status, ahead) = await AskStatusAsync(region, cancellationToken);
            return Clocks.TroubleOf(region, ahead) ?? await control.FindTroubleAsync(region, status, cancellationToken);
        }));
        return both[0] ?? both[1];
    }

    private async Task<string?> FindClockTroubleAsync(RegionName region, CancellationToken cancellationToken)
        => Clocks.TroubleOf(region, (await AskStatusAsync(region, cancellationToken)).Ahead);

    private async Task<(RegionStatus Status, TimeSpan Ahead)> AskStatusAsync(RegionName region, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow();
        var status = await control.Region(region).StatusAsync(cancellationToken);
        return (status, Clocks.Ahead(status.Now, before, time.GetUtcNow()));
    }

    // Never longer than was asked for, from now on: the clock may have been ahead when the move was activated.
    private async Task WaitToEraseAsync(Move move, CancellationToken cancellationToken)
    {
        var longest = new Deadline(time, move.EraseAfter);
        while (!longest.IsOver && move.ActivatedAt + move.EraseAfter - time.GetUtcNow() is { } left && left > TimeSpan.Zero)
        {
            var wait = left < longest.Left ? left : longest.Left;
            await Task.Delay(wait < MoveLimits.ClockLookedEvery ? wait : MoveLimits.ClockLookedEvery, time, cancellationToken);
        }
    }

    private async Task<Move> WaitAsync(Move move, string trouble, CancellationToken cancellationToken)
    {
        Trouble(move, trouble);
        await Task.Delay(MoveLimits.RetryMax, time, cancellationToken);
        return move;
    }

    // By the monotonic clock; where another process began the pause, by the wall clock, which may have jumped either way.
    private bool IsSealedForLong(Move move)
        => (progress.FindPause(move.Id, time) ?? (time.GetUtcNow() - move.SealedAt!.Value).Duration()) >= MoveLimits.DrainMax;

    // What the target has decided decides the move, whatever step asked.
    private Move? Decided(Move move, StepAnswer answer)
        => answer switch
        {
            StepAnswer.Activated(var statement) => move with
            {
                State = MoveState.Settling,
                Digest = null, // It has decided; in the record it would take more than the rest.
                Arrival = statement,
                ActivatedAt = time.GetUtcNow(),
                Reason = null,
            },
            StepAnswer.Refused(var reason) => move with { State = MoveState.Unsealing, Reason = move.Reason ?? reason },
            _ => null,
        };

    private Move? GoesBack(Move move)
        => control.Permit(move) is { IsPermitted: false } denied ? Back(move, $"The policy forbids it: {denied.Reason}")
            : null;

    private static Move Back(Move move, string reason) => move with { State = MoveState.Refusing, Reason = reason };

    private static string ReasonOf(StepAnswer answer)
        => answer switch
        {
            StepAnswer.NotNow(var reason) => reason,
            StepAnswer.Refused(var reason) => reason,
            StepAnswer.Ended => "The source says that this move is over.",
            _ => $"Unexpected answer {answer.GetType().Name}.",
        };

    private void Trouble(Move move, string cause)
    {
        progress.SetTrouble(move.Id, cause);
        LogTrouble(log, move.Id, move.State, cause);
    }

    private MoveOrder Order(Move move) => orders.Sign(move.Order);

    private IRegionPeer Source(Move move) => control.Region(move.Source);

    private IRegionPeer Target(Move move) => control.Region(move.Target);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Move {Move}, {State}: {Cause} It goes on.")]
    private static partial void LogTrouble(ILogger log, Guid move, MoveState state, string cause);
}
