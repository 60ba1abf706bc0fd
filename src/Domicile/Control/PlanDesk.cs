using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Policies;

namespace Domicile.Control;

/// <summary>Says which accounts are out of place under a policy, and moves them.</summary>
internal sealed class PlanDesk(ControlParts parts, PolicyDesk policies, MoveRequests moves)
{
    /// <summary>Changes nothing but what control remembers of sizes.</summary>
    public async Task<Outcome<PlanView>> PlanAsync(PlanRequest request, CancellationToken cancellationToken)
    {
        var atOnce = request.AtOnce ?? ControlLimits.AtOnceDefault;
        if (CheckAtOnce(atOnce) is { } wrong)
        {
            return wrong;
        }

        if (request.Policy is null)
        {
            return (await PlanAsync(parts.Policies.Current.Policy, atOnce, cancellationToken)).View;
        }

        return policies.Read(request.Policy).Is(out var policy, out var refusal)
            ? (await PlanAsync(policy, atOnce, cancellationToken)).View : refusal;
    }

    /// <summary>Puts the policy in force, if one is given, and requests what its plan says.</summary>
    /// <param name="by">Label of the operator.</param>
    public async Task<Outcome<ApplyView>> ApplyAsync(PlanRequest request, string by, CancellationToken cancellationToken)
    {
        if (CheckAtOnce(request.AtOnce) is { } wrong)
        {
            return wrong;
        }

        if (request.Policy is not null
            && !(await policies.PutAsync(new PolicyText(request.Policy), by, cancellationToken)).Is(out _, out var refusal))
        {
            return refusal;
        }

        return await MoveAsync(only: null, request.AtOnce, cancellationToken);
    }

    /// <summary>Requests what the policy in force wants.</summary>
    /// <param name="only">Of accounts whose home this is; null: of all.</param>
    public async Task<ApplyView> MoveAsync(RegionName? only, int? atOnce, CancellationToken cancellationToken)
    {
        var policy = parts.Policies.Current.Policy;
        var most = atOnce ?? ControlLimits.AtOnceDefault;
        var plan = await PlanAsync(policy, most, cancellationToken, only);
        parts.Moves.AtOnce = most;
        var (begun, skipped) = await moves.BeginAllAsync(plan.Wanted, policy.Revision, cancellationToken);
        return new ApplyView(policy.Revision, begun, plan.View.Denied, skipped);
    }

    public static Refusal? CheckAtOnce(int? atOnce)
        => atOnce is null or >= 1 and <= ControlLimits.AtOnceMax
            ? null : Refusal.Malformed($"{atOnce} moves at once: it must be 1 to {ControlLimits.AtOnceMax}");

    /// <param name="only">Accounts whose home this is; null: all.</param>
    private async Task<Plan> PlanAsync(Policy policy, int atOnce, CancellationToken cancellationToken, RegionName? only = null)
    {
        var begun = parts.Time.GetTimestamp();
        var placeable = parts.Placeable;
        var measured = await MeasureAllAsync(only, cancellationToken);
        var denied = new List<DeniedPlacement>();
        var wanted = new List<WantedMove>();
        var inPlace = 0;
        foreach (var (account, usage, _) in measured)
        {
            var home = account.Home!.Value;
            switch (policy.Place(account.Profile, ControlAccount.CategoriesOf(usage), placeable, home))
            {
                case Placement.Permitted { InPlace: true }:
                    inPlace++;
                    break;
                case Placement.Permitted permitted:
                    wanted.Add(new WantedMove(account, permitted.Target, permitted.Rule, permitted.Reason, usage));
                    break;
                case Placement.Denied no:
                    denied.Add(new DeniedPlacement(account.Id.Value, account.Profile.Residence.Code, home.Value, no.Reason));
                    break;
            }
        }

        // Applying asks again what planning has asked.
        var asking = parts.Time.GetElapsedTime(begun);
        await parts.Paces.MeasureAsync(wanted.Select(want => (want.Source, want.Target)), cancellationToken);
        var planned = wanted.ConvertAll(want => want.View(parts.Paces));
        var troubles = measured.Where(row => row.Trouble is not null).GroupBy(row => row.Account.Home!.Value)
            .Select(group => new PlanTrouble(group.Key.Value, group.Count(), group.First().Trouble!));
        return new Plan(wanted, new PlanView(
            planned, denied, inPlace, planned.Sum(move => move.Objects), planned.Sum(move => move.Bytes),
            SecondsOf(wanted, asking, atOnce), [.. troubles]));
    }

    private double SecondsOf(List<WantedMove> wanted, TimeSpan asking, int atOnce)
    {
        var ready = asking.TotalSeconds;
        var moves = new List<ScheduledMove>();
        foreach (var want in wanted)
        {
            var pace = parts.Paces.Of(want.Source, want.Target);
            ready += pace.BeginSeconds;
            moves.Add(pace.Scheduled(want.Source, want.Target, want.Size) with { ReadyAfter = ready });
        }

        return moves.Count == 0 ? 0 : Math.Round(Schedule.Ends(moves, atOnce).Max(), 1);
    }

    // Regions side by side, and each about many accounts at a time: one question of a region is open for one plan, so that what
    // clients ask there goes on. What regions say is remembered in one transaction.
    private async Task<IReadOnlyList<Measured>> MeasureAllAsync(RegionName? only, CancellationToken cancellationToken)
    {
        var accounts = parts.Directory.ListInState(ControlAccountState.Active);
        if (only is { } home)
        {
            accounts = [.. accounts.Where(account => account.Home == home)];
        }

        var measured = new Measured[accounts.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, accounts.Count).GroupBy(i => accounts[i].Home!.Value),
            new ParallelOptions { MaxDegreeOfParallelism = ControlLimits.QuestionsAtOnce, CancellationToken = cancellationToken },
            async (places, cancelled) =>
            {
                var said = await MeasureAsync(places.Key, [.. places.Select(i => accounts[i].Id)], cancelled);
                foreach (var i in places)
                {
                    var (usage, trouble) = said[accounts[i].Id];
                    measured[i] = new Measured(accounts[i], usage ?? accounts[i].Usage, trouble);
                }
            });
        await parts.Directory.NoteUsagesAsync(
            [.. measured.Where(one => one.Usage is not null && !Same(one.Usage, one.Account.Usage))
                .Select(one => (one.Account.Id, one.Usage!))],
            cancellationToken);
        return measured;
    }

    // A region that doesn't answer is asked once, not about all the rest. One that answers of none of those that it was asked
    // about is not asked for ever.
    private async Task<Dictionary<AccountId, (AccountUsage? Usage, string? Trouble)>> MeasureAsync(
        RegionName home, IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
    {
        var said = new Dictionary<AccountId, (AccountUsage? Usage, string? Trouble)>();
        var (left, wanted) = (accounts.ToList(), accounts.ToHashSet());
        string? silence = null;
        while (left.Count > 0 && silence is null)
        {
            AccountId[] asked = [.. left.Take(MoveLimits.AccountsAskedMax)];
            var answer = await parts.Regions.AskAsync(
                home, async (region, limited) => (await region.MeasureUsagesAsync(asked, limited)).ToArray(), cancellationToken);
            silence = !answer.Is(out var told, out var refusal) ? refusal.Error
                : Take(told, wanted, said) ? null
                : $"region {home} was asked about {asked.Length} accounts and answered of none";
            left.RemoveAll(said.ContainsKey);
        }

        foreach (var account in left)
        {
            said.TryAdd(account, (null, silence));
        }

        return said;
    }

    /// <returns>Whether it says anything that was asked and not said before.</returns>
    private static bool Take(
        MeasuredAccount[] told, HashSet<AccountId> wanted, Dictionary<AccountId, (AccountUsage? Usage, string? Trouble)> said)
    {
        var before = said.Count;
        foreach (var one in told.Where(one => wanted.Contains(one.Account)))
        {
            said.TryAdd(one.Account, (one.Usage, one.Trouble));
        }

        return said.Count > before;
    }

    private static bool Same(AccountUsage one, AccountUsage? other)
        => other is not null && one.OpenUploads == other.OpenUploads && one.Categories.Count == other.Categories.Count
            && one.Categories.All(category => other.Categories.GetValueOrDefault(category.Key) == category.Value);

    private sealed record Measured(ControlAccount Account, AccountUsage? Usage, string? Trouble);

    private sealed record Plan(IReadOnlyList<WantedMove> Wanted, PlanView View);
}

/// <summary>A move that a plan or an operator wants.</summary>
/// <param name="Usage">Null where its home never said.</param>
internal sealed record WantedMove(
    ControlAccount Account, RegionName Target, string Rule, string Reason, AccountUsage? Usage)
{
    public RegionName Source => Account.Home!.Value;

    /// <summary>Of the last versions; <see cref="Size"/> counts all.</summary>
    public long Objects => Usage?.Categories.Values.Sum(category => category.Objects) ?? 0;

    public long Bytes => Usage?.Categories.Values.Sum(category => category.Bytes) ?? 0;

    /// <summary>What must be copied: a content once, whatever its names.</summary>
    public MoveSize Size => new(
        Usage?.Categories.Values.Sum(category => category.Versions) ?? 0, Usage?.Stored?.Contents ?? Bytes);

    /// <summary>What it takes at its target: its contents and its database.</summary>
    public long BytesOnDisk => Usage?.Stored?.OnDisk ?? Bytes + ControlLimits.RoomPerAccountBytes;

    public PlannedMove View(Paces paces)
    {
        var pace = paces.Of(Source, Target);
        return new PlannedMove(
            Account.Id.Value, Account.Profile.Residence.Code, Account.Profile.Organisation, Source.Value, Target.Value, Rule,
            Reason, Objects, Bytes, Math.Round(Schedule.Ends([pace.Scheduled(Source, Target, Size)], 1)[0], 1));
    }
}
