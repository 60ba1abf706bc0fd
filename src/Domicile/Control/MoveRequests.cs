using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Policies;

namespace Domicile.Control;

/// <summary>
/// Checks what is asked before it becomes a move: each check has one clear reason, and a refusal has changed nothing. The
/// move's own runner checks policy and target again when it matters.
/// </summary>
internal sealed class MoveRequests(ControlParts parts, AccountDesk accounts)
{
    public async Task<Outcome<MoveView>> MoveAsync(NewMove request, CancellationToken cancellationToken)
    {
        if (!accounts.FindActive(request.Account).Is(out var account, out var refusal)
            || !AccountRequests.ReadRegion(request.To, parts.Config).Is(out var target, out refusal)
            || !AccountRequests.CheckOpen(target.Facts.Name, parts.Draining).Is(out _, out refusal)
            || !ReadEraseAfter(request.EraseAfterSeconds).Is(out var eraseAfter, out refusal)
            || !CheckIdle(account, target.Facts.Name).Is(out _, out refusal)
            || !(await WantAsync(account, target.Facts, cancellationToken)).Is(out var wanted, out refusal)
            || !(await FindRoomAsync(wanted.Target, cancellationToken)).Is(out var freeBytes, out refusal)
            || !CheckRoom(wanted, freeBytes).Is(out _, out refusal))
        {
            return refusal;
        }

        var begun = await BeginAsync(wanted, parts.Policies.Current.Policy.Revision, eraseAfter, cancellationToken);
        return begun.Is(out var move, out refusal) ? MoveViews.Of(move, null, null, null) : refusal;
    }

    /// <summary>
    /// Begins what a plan wants, side by side: in its order, as far as that matters for whose turn is first. What can't be
    /// begun is said and left.
    /// </summary>
    public async Task<(IReadOnlyList<Guid> Begun, IReadOnlyList<SkippedMove> Skipped)> BeginAllAsync(
        IReadOnlyList<WantedMove> wanted, long policyRevision, CancellationToken cancellationToken)
    {
        var outcomes = new Outcome<Move>[wanted.Count];
        var hindered = await FindHindrancesAsync(wanted, cancellationToken);
        var options = new ParallelOptions
        {
            MaxDegreeOfParallelism = ControlLimits.MovesBegunAtOnce,
            CancellationToken = cancellationToken,
        };
        await Parallel.ForAsync(0, wanted.Count, options, async (i, cancelled) =>
        {
            outcomes[i] = hindered[i] ?? await RequestAsync(wanted[i], policyRevision, TimeSpan.Zero, cancelled);
        });

        var begun = new List<Guid>();
        var skipped = new List<SkippedMove>();
        foreach (var (want, outcome) in wanted.Zip(outcomes))
        {
            if (outcome.Is(out var move, out var refusal))
            {
                begun.Add(move.Id);
            }
            else
            {
                skipped.Add(new SkippedMove(want.Account.Id.Value, want.Target.Value, refusal.Error));
            }
        }

        return (begun, skipped);
    }

    public async Task<Outcome<MoveView>> AbortAsync(Guid id, string by, CancellationToken cancellationToken)
    {
        try
        {
            return View(id, await parts.Moves.AbortAsync(id, $"aborted by {by}", cancellationToken));
        }
        catch (RegionUnreachableException unreachable)
        {
            return Refusal.Unavailable(unreachable.Message, "try again when the region answers");
        }
    }

    private Outcome<MoveView> View(Guid id, AbortResult result)
        => result switch
        {
            AbortResult.TooLate { State: MoveState.Erasing } when parts.Moves.Trouble(id) is { } trouble => Refusal.Conflict(
                $"move {id} is past its commit point: the account lives at the target, and the move waits: {trouble}",
                "mend that; the move then ends by itself"),
            AbortResult.Asked => Show(id),
            AbortResult.NoSuchMove => NoSuchMove(id),
            AbortResult.TooLate { State: MoveState.Aborted or MoveState.Failed } late => Refusal.Conflict(
                $"move {id} is over already: {MoveViews.StateName(late.State)}"),
            AbortResult.TooLate late => Refusal.Conflict(
                $"move {id} is past its commit point ({MoveViews.StateName(late.State)}): the account lives at the target",
                "to go back, move the account again"),
            var other => throw new InvariantViolatedException(other.GetType().Name),
        };

    /// <summary>The newest.</summary>
    public MoveList List() => View(parts.Moves.List(ControlLimits.MovesListed));

    /// <summary>The newest of those that were asked for before this one.</summary>
    public Outcome<MoveList> ListBefore(Guid id)
        => parts.Moves.Find(id) is null ? NoSuchMove(id)
            : View(parts.Database.Read(sql => MoveRecords.ListBefore(sql, id, ControlLimits.MovesListed)));

    private MoveList View(IReadOnlyList<Move> moves)
        => new(
            [.. moves.Select(View)],
            moves.Count < ControlLimits.MovesListed ? 0 : parts.Database.Read(sql => MoveRecords.CountBefore(sql, moves[^1].Id)));

    public Outcome<MoveView> Show(Guid id) => parts.Moves.Find(id) is { } move ? View(move) : NoSuchMove(id);

    /// <summary>Open moves as they are, then every move each time that it looks different. Ends with its reader.</summary>
    public async IAsyncEnumerable<MoveView> WatchAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var shown = parts.Moves.List(ControlLimits.MovesListed).Where(move => move.IsOver)
            .ToDictionary(move => move.Id, View);
        while (true)
        {
            var seen = parts.Moves.ChangeCount;
            foreach (var view in parts.Moves.List(ControlLimits.MovesListed).Reverse().Select(View))
            {
                // What remains is computed from the clock: it alone is no news.
                var known = shown.GetValueOrDefault(view.Move);
                if (known is null || known with { RemainingSeconds = view.RemainingSeconds } != view)
                {
                    shown[view.Move] = view;
                    yield return view;
                }
            }

            // A look reads a thousand moves: not for each of the changes that come together.
            await Task.Delay(ControlLimits.WatchEvery, parts.Time, cancellationToken);
            await parts.Moves.ChangedSince(seen, cancellationToken);
        }
    }

    public static Refusal NoSuchMove(Guid id)
        => Refusal.NotFound($"there is no move {id}", "'domicile moves list' shows the moves");

    private MoveView View(Move move)
        => MoveViews.Of(
            move, parts.Moves.Progress(move.Id), parts.Moves.Trouble(move.Id), parts.Forecasts.SecondsLeft(move));

    private static Outcome<TimeSpan> ReadEraseAfter(double? seconds)
        => seconds is null ? TimeSpan.Zero
            : seconds >= 0 && seconds <= ControlLimits.EraseAfterMax.TotalSeconds ? TimeSpan.FromSeconds(seconds.Value)
            : Refusal.Malformed($"eraseAfterSeconds must be 0 to {ControlLimits.EraseAfterMax.TotalSeconds}");

    private Outcome<bool> CheckIdle(ControlAccount account, RegionName target)
    {
        if (parts.Moves.FindOpen(account.Id) is { } open)
        {
            return Refusal.Conflict(
                $"account {account.Id} is moving to {open.Target} already (move {open.Id})",
                $"wait until it is done, or 'domicile moves abort {open.Id}'");
        }

        return account.Home == target
            ? Refusal.Conflict($"region {target} is the home of account {account.Id} already") : true;
    }

    private async Task<Outcome<WantedMove>> WantAsync(
        ControlAccount account, RegionFacts target, CancellationToken cancellationToken)
    {
        var asked = await parts.Regions.AskAsync(
            account.Home!.Value, (region, limited) => region.MeasureUsageAsync(account.Id, limited), cancellationToken);
        if (!asked.Is(out var usage, out var refusal))
        {
            return refusal;
        }

        await parts.Directory.NoteUsageAsync(account.Id, usage, cancellationToken);
        var policy = parts.Policies.Current.Policy;
        var categories = ControlAccount.CategoriesOf(usage);
        if (policy.Permits(account.Profile, categories, target) is Permission.Refused forbidden)
        {
            return Refusal.Forbidden(
                $"policy forbids region {target.Name} to account {account.Id}: {forbidden.Reason}",
                $"'domicile policy explain {account.Id}' says which regions it permits");
        }

        var rule = policy.Place(account.Profile, categories, parts.Placeable, target.Name) is Placement.Permitted at
            ? at.Rule : "";
        return new WantedMove(account, target.Name, rule, "requested by an operator", usage);
    }

    private async Task<Outcome<long>> FindRoomAsync(RegionName target, CancellationToken cancellationToken)
        => (await parts.Regions.AskAsync(target, (region, limited) => region.StatusAsync(limited), cancellationToken))
            .Is(out var status, out var refusal)
            && (await parts.Keys.CheckAsync(target, status, cancellationToken)).Is(out _, out refusal)
            ? status.FreeBytes : refusal;

    /// <returns>The bytes that the move may take.</returns>
    private static Outcome<long> CheckRoom(WantedMove wanted, long freeBytes)
    {
        var needed = Math.Max(wanted.BytesOnDisk + (wanted.BytesOnDisk / 10), ControlLimits.RoomPerAccountBytes);
        return needed + ControlLimits.RoomMarginBytes <= freeBytes
            ? needed
            : Refusal.Conflict(
                $"region {wanted.Target} has {freeBytes} bytes free, account {wanted.Account.Id} needs {needed}, and "
                + $"{ControlLimits.RoomMarginBytes} are to stay free",
                "make room there, or choose another region");
    }

    /// <summary>What keeps each of these moves from being begun; null where nothing does.</summary>
    private async Task<IReadOnlyList<Refusal?>> FindHindrancesAsync(
        IReadOnlyList<WantedMove> wanted, CancellationToken cancellationToken)
    {
        var hindered = new Refusal?[wanted.Count];
        var byTarget = Enumerable.Range(0, wanted.Count).GroupBy(i => wanted[i].Target).ToList();
        await Parallel.ForEachAsync(
            byTarget,
            new ParallelOptions { MaxDegreeOfParallelism = ControlLimits.QuestionsAtOnce, CancellationToken = cancellationToken },
            async (places, cancelled) =>
            {
                var room = await FindRoomAsync(places.Key, cancelled);
                var freeBytes = room.Is(out var free, out var full) ? free : 0;
                foreach (var part in places.Chunk(MoveLimits.AccountsAskedMax))
                {
                    var leftovers = full is null
                        ? await FindLeftoversAsync(places.Key, [.. part.Select(i => wanted[i])], cancelled) : full;
                    foreach (var (i, at) in part.Select((i, at) => (i, at)))
                    {
                        var refusal = leftovers.Is(out var found, out var silent)
                            ? Hinders(wanted[i], found[at], ref freeBytes) : silent;
                        hindered[i] = refusal;
                    }
                }
            });
        return hindered;
    }

    private Refusal? Hinders(WantedMove want, AccountStatus? leftover, ref long freeBytes)
    {
        if (!CheckIdle(want.Account, want.Target).Is(out _, out var refusal)
            || !CheckLeftover(want, leftover).Is(out _, out refusal)
            || !CheckRoom(want, freeBytes).Is(out var needed, out refusal))
        {
            return refusal;
        }

        freeBytes -= needed;
        return null;
    }

    private async Task<Outcome<AccountStatus?[]>> FindLeftoversAsync(
        RegionName target, IReadOnlyList<WantedMove> wanted, CancellationToken cancellationToken)
    {
        AccountId[] accounts = [.. wanted.Select(want => want.Account.Id)];
        var asked = await parts.Regions.AskAsync(
            target, async (region, limited) => (await region.FindAccountsAsync(accounts, limited)).ToArray(), cancellationToken);
        return !asked.Is(out var found, out var refusal) ? refusal
            : found.Length == accounts.Length ? found
            : Refusal.Unavailable($"region {target} was asked about {accounts.Length} accounts and answered of {found.Length}");
    }

    private static Outcome<bool> CheckLeftover(WantedMove wanted, AccountStatus? leftover)
        => leftover is { HasData: true }
            ? Refusal.Conflict(
                $"region {wanted.Target} still holds data of account {wanted.Account.Id} ({leftover.State})",
                "wait until it has erased it, then move")
            : true;

    private async Task<Outcome<Move>> BeginAsync(
        WantedMove wanted, long policyRevision, TimeSpan eraseAfter, CancellationToken cancellationToken)
        => (await FindLeftoversAsync(wanted.Target, [wanted], cancellationToken)).Is(out var leftovers, out var refusal)
            && CheckLeftover(wanted, leftovers[0]).Is(out _, out refusal)
            ? await RequestAsync(wanted, policyRevision, eraseAfter, cancellationToken) : refusal;

    private async Task<Outcome<Move>> RequestAsync(
        WantedMove wanted, long policyRevision, TimeSpan eraseAfter, CancellationToken cancellationToken)
    {
        var account = wanted.Account;
        if (!(await parts.Keys.FindAsync(wanted.Source, cancellationToken)).Is(out _, out var refusal))
        {
            return refusal;
        }

        return await RequestAsync(
            new MoveRequest(
                account.Profile, wanted.Source, wanted.Target, account.Epoch, policyRevision, wanted.Rule, eraseAfter,
                account.Salt, wanted.Size.Objects, wanted.Size.Bytes),
            cancellationToken);
    }

    private async Task<Outcome<Move>> RequestAsync(MoveRequest request, CancellationToken cancellationToken)
    {
        var id = request.Profile.Id;
        using var alone = await parts.Placing.EnterAsync(id, cancellationToken);
        var account = parts.Directory.Find(id);
        if (account is not { State: ControlAccountState.Active } || account.Epoch != request.Epoch)
        {
            return Refusal.Conflict($"account {id} was moved or erased meanwhile", "look where it is, then try again");
        }

        return await parts.Moves.RequestAsync(request, cancellationToken) switch
        {
            MoveRequestResult.Accepted accepted => accepted.Move,
            MoveRequestResult.AlreadyMoving moving => Refusal.Conflict(
                $"account {id} is moving to {moving.Other.Target} already (move {moving.Other.Id})"),
            MoveRequestResult.Refused refused => Refusal.Conflict(refused.Reason),
            var other => throw new InvariantViolatedException(other.GetType().Name),
        };
    }
}
