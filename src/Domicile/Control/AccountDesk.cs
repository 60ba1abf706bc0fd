using System.Collections.Concurrent;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Policies;
using Domicile.Storage;

namespace Domicile.Control;

/// <summary>
/// Makes and shows accounts. An account is made in three steps, each of which a crash may follow:
/// (1) control saves the intent with the home, (2) the home makes the account with its first key, (3) control tells the
/// directory. What a crash left at (1) or (2) is erased by <see cref="AccountTidying"/>: nobody ever got its key.
/// </summary>
internal sealed class AccountDesk(ControlParts parts)
{
    private const string FirstKeyLabel = "first key";

    /// <summary>Accounts that this process is making at this moment, so that tidying leaves them alone.</summary>
    public ConcurrentDictionary<AccountId, bool> UnderWay { get; } = new();

    /// <param name="by">Label of the operator.</param>
    public async Task<Outcome<NewAccountView>> AddAsync(NewAccount request, string by, CancellationToken cancellationToken)
        => (await MakeAsync([request], by, cancellationToken))[0];

    /// <summary>Many at a time: each is made or refused by itself, in the order of the request.</summary>
    public async Task<Outcome<NewAccountsView>> AddManyAsync(NewAccounts request, string by, CancellationToken cancellationToken)
    {
        // The reader of JSON lets null stand for an element.
        if (request.Accounts is not { Count: >= 1 and <= ControlLimits.AccountsPerBatchMax } accounts || accounts.Contains(null!))
        {
            return Refusal.Malformed($"a batch has 1 to {ControlLimits.AccountsPerBatchMax} accounts, and none is null");
        }

        var made = await MakeAsync(request.Accounts, by, cancellationToken);
        return new NewAccountsView([.. made.Select(one => one.Is(out var account, out var refusal)
            ? new NewAccountLine(account, null, null) : new NewAccountLine(null, refusal.Error, refusal.Next))]);
    }

    public AccountList List() => new([.. parts.Directory.List()
        .Where(account => account.State != ControlAccountState.Abandoned).Select(View)]);

    public Outcome<AccountView> Show(string account)
        => Find(account).Is(out var found, out var refusal) ? View(found) : refusal;

    /// <summary>An account that isn't erased, by its id as it came.</summary>
    public Outcome<ControlAccount> Find(string text)
    {
        if (!AccountRequests.ReadAccount(text).Is(out var id, out var refusal))
        {
            return refusal;
        }

        return parts.Directory.Find(id) switch
        {
            null => AccountRequests.NoSuchAccount(id),
            { State: ControlAccountState.Erased or ControlAccountState.Abandoned } => Refusal.NotFound($"account {id} was erased"),
            var found => found,
        };
    }

    /// <summary>An account that can be worked with, by its id as it came.</summary>
    public Outcome<ControlAccount> FindActive(string text)
    {
        if (!Find(text).Is(out var found, out var refusal))
        {
            return refusal;
        }

        return found.State == ControlAccountState.Active
            ? found
            : Refusal.Conflict($"account {found.Id} is {StateName(found.State)}", "try again when that is over");
    }

    private Outcome<HomeChoice> ChooseHome(NewAccount request, AccountProfile profile)
    {
        if (AccountRequests.CheckText("the reason for a misplaced account", request.Misplaced, ControlLimits.ReasonCharsMax)
            is { } wrong)
        {
            return wrong;
        }

        if (request.Region is null)
        {
            return request.Misplaced is null
                ? Place(profile)
                : Refusal.Malformed("a misplaced account names no region", "say with region where it lies");
        }

        return AccountRequests.ReadRegion(request.Region, parts.Config).Is(out var region, out var refusal)
            && AccountRequests.CheckOpen(region.Facts.Name, parts.Draining).Is(out _, out refusal)
            ? Check(profile, region.Facts, request.Misplaced) : refusal;
    }

    private Outcome<HomeChoice> Place(AccountProfile profile)
        => parts.Policies.Current.Policy.Place(profile, NoCategories, parts.Placeable, current: null) switch
        {
            Placement.Permitted permitted => new HomeChoice(permitted.Target, null),
            Placement.Denied denied => Refusal.Forbidden(
                $"policy denies every region to residents of {profile.Residence}: {denied.Reason}",
                "add a rule that permits a region for them"),
            var other => throw new InvariantViolatedException(other.GetType().Name),
        };

    private Outcome<HomeChoice> Check(AccountProfile profile, RegionFacts region, string? misplaced)
        => parts.Policies.Current.Policy.Permits(profile, NoCategories, region) switch
        {
            Permission.Granted => new HomeChoice(region.Name, null),
            _ when misplaced is not null => new HomeChoice(region.Name, misplaced),
            var refused => Refusal.Forbidden(
                $"policy forbids region {region.Name}: {refused.Reason}",
                "leave the region out and let policy place the account, or say why it lies there with misplaced"),
        };

    private async Task<Outcome<NewAccountView>[]> MakeAsync(
        IReadOnlyList<NewAccount> requests, string by, CancellationToken cancellationToken)
    {
        var outcomes = new Outcome<NewAccountView>[requests.Count];
        var drafts = new List<Draft>();
        foreach (var (line, request) in requests.Index())
        {
            if ((await PrepareAsync(request, cancellationToken)).Is(out var draft, out var refusal))
            {
                drafts.Add(draft with { Line = line });
                UnderWay[draft.Account.Id] = true;
            }
            else
            {
                outcomes[line] = refusal;
            }
        }

        try
        {
            await MakeAsync(drafts, outcomes, by, cancellationToken);
        }
        finally
        {
            drafts.ForEach(draft => UnderWay.TryRemove(draft.Account.Id, out _));
            parts.Directory.Changes.Raise();
        }

        return outcomes;
    }

    private async Task<Outcome<Draft>> PrepareAsync(NewAccount request, CancellationToken cancellationToken)
    {
        if (!AccountRequests.ReadProfile(request, parts.Entropy.DrawAccountId()).Is(out var profile, out var refusal)
            || !ChooseHome(request, profile).Is(out var choice, out refusal)
            || !(await parts.Keys.FindAsync(choice.Home, cancellationToken)).Is(out _, out refusal))
        {
            return refusal;
        }

        return new Draft(
            0, choice,
            new ControlAccount(
                profile, choice.Home, Epoch: 1, ControlAccountState.Creating, Version: 0, parts.Time.GetUtcNow(),
                choice.Misplaced, parts.Entropy.DrawSalt(), Usage: null));
    }

    private async Task MakeAsync(
        List<Draft> drafts, Outcome<NewAccountView>[] outcomes, string by, CancellationToken cancellationToken)
    {
        // :: Step 1: the intents.
        await parts.Directory.ChangeAsync(
            sql =>
            {
                drafts.ForEach(draft => AccountTable.Insert(sql, draft.Account));
                return true;
            },
            cancellationToken);

        // :: Step 2: the accounts themselves. What became of one after a refusal or no answer, tidying finds out.
        await Task.WhenAll(drafts.GroupBy(draft => draft.Choice.Home)
            .Select(some => MakeAtHomeAsync(some.Key, [.. some], outcomes, cancellationToken)));

        // :: Step 3: the directory, and the ledger where the policy was overridden.
        var made = drafts.FindAll(draft => outcomes[draft.Line].Is(out _, out _));
        await parts.Directory.ChangeAsync(
            sql =>
            {
                made.ForEach(draft => Activate(sql, draft, by));
                return true;
            },
            cancellationToken);
    }

    private async Task MakeAtHomeAsync(
        RegionName home, List<Draft> drafts, Outcome<NewAccountView>[] outcomes, CancellationToken cancellationToken)
    {
        foreach (var some in drafts.Chunk(MoveLimits.AccountsMadeMax))
        {
            var asked = some.Select(draft => new FirstHome(
                draft.Account.Profile,
                parts.Entropy.DrawCredential(draft.Account.Id, FirstKeyLabel, draft.Account.CreatedAt))).ToList();
            try
            {
                var made = await AskAsync();
                if (!made.Is(out _, out var lost) && lost.Kind == RefusalKind.Unavailable)
                {
                    // Perhaps only the answer was lost: what was made is there, with its key.
                    made = await AskAsync();
                }

                foreach (var (i, draft) in some.Index())
                {
                    outcomes[draft.Line] = !made.Is(out var refusals, out var refusal) ? refusal
                        : refusals[i] is { } reason ? Refusal.Conflict($"region {home} refused: {reason}")
                        : ViewOf(draft, asked[i].First);
                }
            }
            finally
            {
                asked.ForEach(one => one.First.Dispose());
            }

            Task<Outcome<IReadOnlyList<string?>>> AskAsync() => parts.Regions.AskAsync(
                home, (region, limited) => region.CreateAccountsAsync(asked, limited), cancellationToken,
                ControlLimits.AccountsMadePatience);
        }
    }

    private NewAccountView ViewOf(Draft draft, Credential key)
        => new(
            draft.Account.Id.Value, draft.Choice.Home.Value,
            parts.Config.Find(draft.Choice.Home)!.Endpoint.ToString().TrimEnd('/'), key.AccessKeyId, key.Secret.ToText());

    private void Activate(Sql sql, Draft draft, string by)
    {
        Invariant.Check(AccountTable.Activate(sql, draft.Account.Id));
        if (draft.Choice.Misplaced is not null)
        {
            parts.Ledger.AppendOverride(
                sql, draft.Account, parts.Config.Find(draft.Choice.Home)!.Facts, parts.Policies.Current, by);
        }
    }

    private AccountView View(ControlAccount account)
        => new(
            account.Id.Value, account.Profile.Residence.Code, account.Profile.Organisation, account.Home?.Value,
            account.Epoch, StateName(account.State), parts.Moves.FindOpen(account.Id)?.Id, account.CreatedAt,
            account.Misplaced);

    private static string StateName(ControlAccountState state) => state switch
    {
        ControlAccountState.Creating => "creating",
        ControlAccountState.Active => "active",
        ControlAccountState.Erasing => "erasing",
        _ => "erased",
    };

    private static readonly HashSet<string> NoCategories = [];

    /// <param name="Line">Of the request.</param>
    private sealed record Draft(int Line, HomeChoice Choice, ControlAccount Account);

    /// <param name="Misplaced">Why policy is overridden; null where it isn't.</param>
    private sealed record HomeChoice(RegionName Home, string? Misplaced);
}
