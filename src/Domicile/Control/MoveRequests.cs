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

    /// <summary>Begins what a plan wants, in its order. What can't be begun is said and left.</summary>
    public async Task<(IReadOnlyList<Guid> Begun, IReadOnlyList<SkippedMove> Skipped)> BeginAllAsync(
        IReadOnlyList<WantedMove> wanted, long policyRevision, CancellationToken cancellationToken)
    {
        var room = new Dictionary<RegionName, Outcome<long>>();
        foreach (var target in wanted.Select(want => want.Target).Distinct())
        {
            room[target] = await FindRoomAsync(target, cancellationToken);
        }

        var begun = new List<Guid>();
        var skipped = new List<SkippedMove>();
        foreach (var want in wanted)
        {
            if (room[want.Target].Is(out var freeBytes, out var refusal)
                && CheckIdle(want.Account, want.Target).Is(out _, out refusal)
                && CheckRoom(want, freeBytes).Is(out var needed, out refusal)
                && (await BeginAsync(want, policyRevision, TimeSpan.Zero, cancellationToken))
                    .Is(out var move, out refusal))
            {
                begun.Add(move.Id);
                room[want.Target] = freeBytes - needed;
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
            AbortResult.Asked => Show(id),
            AbortResult.NoSuchMove => NoSuchMove(id),
            AbortResult.TooLate { State: MoveState.Aborted or MoveState.Failed } late => Refusal.Conflict(
                $"move {id} is over already: {MoveViews.StateName(late.State)}"),
            AbortResult.TooLate late => Refusal.Conflict(
                $"move {id} is past its commit point ({MoveViews.StateName(late.State)}): the account lives at the target",
                "to go back, move the account again"),
            var other => throw new InvariantViolatedException(other.GetType().Name),
        };

    public MoveList List()
        => new([.. parts.Moves.List(ControlLimits.MovesListed).Select(View)]);

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

        var rule = policy.Place(account.Profile, categories, parts.Config.Facts, target.Name) is Placement.Permitted at
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
        var needed = wanted.BytesOnDisk + (wanted.BytesOnDisk / 10) + ControlLimits.RoomMarginBytes;
        return needed <= freeBytes
            ? needed
            : Refusal.Conflict(
                $"region {wanted.Target} has {freeBytes} bytes free, account {wanted.Account.Id} needs {needed}",
                "make room there, or choose another region");
    }

    private async Task<Outcome<Move>> BeginAsync(
        WantedMove wanted, long policyRevision, TimeSpan eraseAfter, CancellationToken cancellationToken)
    {
        var account = wanted.Account;
        if (!(await parts.Keys.FindAsync(account.Home!.Value, cancellationToken)).Is(out _, out var refusal))
        {
            return refusal;
        }

        var asked = await parts.Regions.AskAsync(
            wanted.Target, (region, limited) => region.FindAccountAsync(account.Id, limited), cancellationToken);
        if (!asked.Is(out var leftover, out refusal))
        {
            return refusal;
        }

        if (leftover is { HasData: true })
        {
            return Refusal.Conflict(
                $"region {wanted.Target} still holds data of account {account.Id} ({leftover.State})",
                "wait until it has erased it, then move");
        }

        var request = new MoveRequest(
            account.Profile, account.Home.Value, wanted.Target, account.Epoch, policyRevision, wanted.Rule, eraseAfter, account.Salt,
            wanted.Size.Objects, wanted.Size.Bytes);
        return await RequestAsync(request, cancellationToken);
    }

    private async Task<Outcome<Move>> RequestAsync(MoveRequest request, CancellationToken cancellationToken)
    {
        var id = request.Profile.Id;
        await parts.Placing.WaitAsync(cancellationToken);
        try
        {
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
        finally
        {
            parts.Placing.Release();
        }
    }
}
