using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Objects;
using Domicile.Policies;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// Where a request meets its account, whatever the account's state: it opens the copy here, waits out a cut-over, or
/// says where the account went.
/// </summary>
internal sealed class AccountGateway(RegionContext region) : IAccountWrites
{
    private readonly HomeHints _hints = new(region.Time);

    /// <summary>What has been said of damaged accounts.</summary>
    public DamagedAccounts Damages => region.Damages;

    /// <summary>
    /// Finds out where a request of this account is to be served. Waits while the account is departing here (bounded),
    /// and for a write also while it is sealed. The caller disposes a <see cref="Route.Here"/>'s copy.
    /// </summary>
    public ValueTask<Route> RouteAsync(AccountId account, bool isWrite, CancellationToken cancellationToken)
        => RouteAsync(account, isWrite, via: null, cancellationToken);

    /// <inheritdoc cref="RouteAsync(AccountId, bool, CancellationToken)"/>
    /// <param name="via">
    /// The region that relays the request, by its certificate; null where it came from its client. Whether content may pass
    /// through it is this region's to know, not that region's to say.
    /// </param>
    public async ValueTask<Route> RouteAsync(
        AccountId account, bool isWrite, RegionName? via, CancellationToken cancellationToken)
    {
        try
        {
            return await RouteByRowAsync(account, isWrite, via, cancellationToken);
        }
        catch (StorageUnreadableException damaged)
        {
            // A copy that must not be opened is no reason not to reach the home, where that is elsewhere.
            return region.Directory.Find(account) switch
            {
                { Home: null } => new Route.Unknown(),
                { Home: { } home } entry when home != region.Name
                    => RouteTo(Believed(account, (home, entry.Epoch)), entry.Profile, via),
                _ => new Route.Damaged(damaged.WithNext),
            };
        }
    }

    private async ValueTask<Route> RouteByRowAsync(
        AccountId account, bool isWrite, RegionName? via, CancellationToken cancellationToken)
    {
        await region.Storage.OpenDatabases.RoomAsync(cancellationToken);
        var deadline = new Deadline(region.Time, MoveLimits.WaitAtGatewayMax);
        while (true)
        {
            if (region.Storage.Find(account) is not { } store)
            {
                return await RouteByDirectoryAsync(account, via, cancellationToken);
            }

            // The hold comes before the look at the state: erasing waits for holds, so a copy that was seen readable stays.
            var ticket = store.CommitCount;
            var hold = store.HoldOpen();
            if (store.Row is { State: AccountState.Active or AccountState.Sealed } row
                && (row.State == AccountState.Active || !isWrite))
            {
                if ((RouteFromOldCopy(account, row, via) ?? RouteAround(via, (region.Name, row.Epoch), row.Profile))
                    is not { } elsewhereNow)
                {
                    return new Route.Here(new AccountCopy(store, hold, row.Epoch));
                }

                hold.Dispose();
                return elsewhereNow;
            }

            hold.Dispose();
            switch (store.Row)
            {
                case null or { State: AccountState.None }:
                    return await RouteByDirectoryAsync(account, via, cancellationToken);
                case { State: AccountState.Departed, Peer: { } self } when self == region.Name:
                    return new Route.Unknown(); // erased for good
                case { State: AccountState.Departed or AccountState.Arriving, Peer: { } peer } elsewhere:
                    return RouteTo(Believed(account, NewestHome(account, peer, elsewhere)), elsewhere.Profile, via);
            }

            if (!await WaitAsync(store, ticket, deadline, cancellationToken))
            {
                return new Route.Busy("The account is being moved and could not be reached in time.");
            }
        }
    }

    /// <summary>
    /// Runs a command where the account is active: here, or, if it was sealed since the request was routed, at the new
    /// home, to which the client's request is handed over. See <see cref="IAccountWrites"/>.
    /// </summary>
    public async Task<CommandResult> WriteAsync(
        AccountCopy copy, AccountCommand command, ISignedRequest? request, CancellationToken cancellationToken)
    {
        CheckRoom(region, command);
        var store = copy.Store;
        var deadline = new Deadline(region.Time, MoveLimits.WaitAtGatewayMax);
        while (true)
        {
            var ticket = store.CommitCount;
            if (store.Row is { State: AccountState.Active } row && row.Epoch == copy.Epoch
                && await store.WriteAsync(one => CommandExecutor.Execute(one, copy.Epoch, command), cancellationToken)
                    is Execution.Executed(var result))
            {
                return result;
            }

            switch (store.Row)
            {
                case { State: AccountState.Departed } departed
                    when request is not null && departed.Epoch == copy.Epoch && departed.Peer != region.Name:
                    return await HandOverAsync(copy, departed.Peer!.Value, request, deadline, cancellationToken);
                case { State: AccountState.Active } active when active.Epoch == copy.Epoch:
                    continue;
                case { State: AccountState.Sealed or AccountState.Departing }
                    when await WaitAsync(store, ticket, deadline, cancellationToken):
                    continue;
                default:
                    return Busy();
            }
        }
    }

    /// <summary>
    /// The region that a request was relayed to says that the account is elsewhere. That is a hint for routing, and of the
    /// next epoch alone: where more has happened, or something else is said, control knows.
    /// </summary>
    public async ValueTask LearnAsync(
        AccountId account, RegionName saidBy, RegionName home, long epoch, CancellationToken cancellationToken)
    {
        if (Known(account) is not { } known || Believed(account, known) is var believed && believed.Home != saidBy)
        {
            return;
        }

        if (epoch > known.Epoch && epoch <= known.Epoch + 1 && region.Knows(home))
        {
            _hints.Put(account, home, epoch);
        }
        else if (await region.Links.AskControlAsync(account, cancellationToken) is { Home: { } said } entry
            && entry.Epoch > known.Epoch && region.Knows(said))
        {
            _hints.Put(account, said, entry.Epoch);
        }
    }

    /// <exception cref="StorageFullException">The disk is full, and the command doesn't free any of it.</exception>
    public static void CheckRoom(RegionContext region, AccountCommand command)
    {
        if (!command.FreesRoom && !region.Storage.HasRoom)
        {
            throw new StorageFullException(
                $"Region {region.Name}: {DiskProbe.WhyFull(region.Storage.Directory)}, or move accounts away.");
        }
    }

    private static CommandResult.Refused Busy() => new("SlowDown", "The account is being moved. Please try again.");

    /// <summary>
    /// The account left while this write's body was arriving: its new home runs the client's request, and decides and commits
    /// the write.
    /// </summary>
    private async Task<CommandResult> HandOverAsync(
        AccountCopy copy, RegionName home, ISignedRequest request, Deadline deadline,
        CancellationToken cancellationToken)
    {
        if (request.EncodeHead() is not { } head)
        {
            return Busy();
        }

        var move = copy.Store.Read(sql => RegionMoveRecord.FindLastDeparture(sql, copy.Account))!.Move;
        var handOver = new HandOver(copy.Account, move, AttemptIds.Draw(), copy.Epoch + 1, request.ReceivedAt, head);
        for (var failures = 0; !deadline.IsOver; failures++)
        {
            switch (await TryHandOverAsync(home, handOver, request, cancellationToken))
            {
                case HandOverAnswer.Applied(var result):
                    return result;
                case HandOverAnswer.Never:
                    return Busy();
            }

            await Task.Delay(MoveLimits.RetryAfter(failures), region.Time, cancellationToken);
        }

        return Busy();
    }

    // No answer means nothing: the same attempt id asks again, and is applied at most once.
    private async Task<HandOverAnswer> TryHandOverAsync(
        RegionName home, HandOver handOver, ISignedRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await region.Links.To(home).HandOverAsync(handOver, request.WriteBodyAsync, cancellationToken);
        }
        catch (RegionUnreachableException)
        {
            return new HandOverAnswer.NotYet();
        }
    }

    private async ValueTask<Route> RouteByDirectoryAsync(
        AccountId account, RegionName? via, CancellationToken cancellationToken)
    {
        var entry = region.Directory.Find(account);
        if (entry is null || entry.Home == region.Name)
        {
            entry = await region.Links.AskControlAsync(account, cancellationToken) ?? entry;
        }

        return entry switch
        {
            null or { Home: null } => new Route.Unknown(),
            { Home: { } home } when home == region.Name => new Route.Damaged(
                AccountDamage.Lost(account, region.Name, entry.Epoch).ToString()),
            { Home: { } home } => RouteTo(Believed(account, (home, entry.Epoch)), entry.Profile, via),
        };
    }

    // A home's row is never behind the directory, which hears of an epoch after its home has begun it. Where it is behind, a
    // backup from before a move or an erasure was put back: what it says was true once, and must not be served or written.
    // Where another region is the home in that very epoch, its files were put here.
    private Route? RouteFromOldCopy(AccountId account, AccountRow row, RegionName? via)
        => region.Directory.Find(account) is not { } entry || !entry.Contradicts(row.Epoch, region.Name) ? null
            : entry.Home is not { } home ? new Route.Unknown()
            : home == region.Name ? new Route.Damaged(AccountDamage.Old(entry, region.Name, row.Epoch).ToString())
            : RouteTo((home, entry.Epoch), row.Profile, via);

    // A tombstone names the home that followed this one; the directory may know of a later one.
    private (RegionName Home, long Epoch) NewestHome(AccountId account, RegionName peer, AccountRow row)
    {
        var epoch = row.State == AccountState.Departed ? row.Epoch + 1 : row.Epoch;
        return region.Directory.Find(account) is { Home: { } home } entry && entry.Epoch > epoch && home != region.Name
            ? (home, entry.Epoch)
            : (peer, epoch);
    }

    // What this region knows by its own row and by control; nobody else's word is in it.
    private (RegionName Home, long Epoch)? Known(AccountId account)
        => region.Storage.Find(account)?.Row switch
        {
            { State: AccountState.Departed or AccountState.Arriving, Peer: { } peer } row => NewestHome(account, peer, row),
            null or { State: AccountState.None } => region.Directory.Find(account) is { Home: { } home } entry
                ? (home, entry.Epoch) : null,
            _ => null,
        };

    // What is known, or the hint that goes beyond it.
    private (RegionName Home, long Epoch) Believed(AccountId account, (RegionName Home, long Epoch) known)
        => _hints.TryFind(account, out var hint) && hint.Epoch > known.Epoch && hint.Home != region.Name
            ? (hint.Home, hint.Epoch) : known;

    private Route RouteTo((RegionName Region, long Epoch) home, AccountProfile profile, RegionName? via)
        => !region.Knows(home.Region)
            ? NoRegion(home.Region)
            : RouteAround(via, home, profile) ?? AnswerTransit(profile, region.Self) switch
            {
                TransitAnswer.Relay => new Route.Forward(home.Region),
                TransitAnswer.Refuse(var reason) => new Route.Forbidden(reason),
                _ => RedirectTo(home, isFinal: false),
            };

    private Route RedirectTo((RegionName Region, long Epoch) home, bool isFinal)
        => region.Directory.FindMember(home.Region) is { } member
            ? new Route.Redirect(home.Region, home.Epoch, member.Endpoint) { IsFinal = isFinal } : NoRegion(home.Region);

    private static Route.Busy NoRegion(RegionName home)
        => new($"The account's home is {home}, which is no region of this deployment.");

    // A region that relays may have an older policy, or none that it keeps: what it may not pass on is not answered to it.
    private Route? RouteAround(RegionName? via, (RegionName Region, long Epoch) home, AccountProfile profile)
    {
        if (via is not { } relay)
        {
            return null;
        }

        Route? around = region.FindFacts(relay) is not { } facts
            ? new Route.Forbidden($"region {relay} is not of this deployment")
            : AnswerTransit(profile, facts) switch
            {
                TransitAnswer.Relay => null,
                TransitAnswer.Refuse(var reason) => new Route.Forbidden(reason),
                _ => RedirectTo(home, isFinal: true),
            };
        if (around is not null)
        {
            region.Security.Record(
                SecurityEvent.TransitRefused, SecuritySource.Of(new PeerIdentity.Region(relay)), "mayNotPassThere", profile.Id);
        }

        return around;
    }

    private TransitAnswer AnswerTransit(AccountProfile profile, RegionFacts through)
        => region.Directory.Policy is { } policy
            ? policy.AnswerTransit(profile, policy.CategoriesNamed, through)
            : new TransitAnswer.Redirect();

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
}

/// <summary>Where a request is to be served.</summary>
internal abstract record Route
{
    private Route()
    {
    }

    /// <summary>This region is the home.</summary>
    public sealed record Here(AccountCopy Copy) : Route;

    /// <summary>Relay the request, untouched, to this region over the mutually authenticated link.</summary>
    public sealed record Forward(RegionName Home) : Route;

    /// <summary>Content may not pass through this region: answer 307.</summary>
    /// <param name="Epoch">In which that region is the home, as far as is known here.</param>
    public sealed record Redirect(RegionName Home, long Epoch, Uri Endpoint) : Route
    {
        /// <summary>The region that relayed the request may not pass its content on at all: only its client may go there.</summary>
        public bool IsFinal { get; init; }
    }

    /// <summary>Policy refuses relaying and redirecting: 403 with this reason.</summary>
    public sealed record Forbidden(string Reason) : Route;

    /// <summary>No region knows this account.</summary>
    public sealed record Unknown : Route;

    /// <summary>
    /// This region is the home, and what it has of the account is lost or damaged: trying again is of no use before somebody
    /// has mended it.
    /// </summary>
    /// <param name="Reason">For the operator: what is wrong, and the next step.</param>
    public sealed record Damaged(string Reason) : Route;

    /// <summary>The account can't be served just now: 503 SlowDown with Retry-After.</summary>
    public sealed record Busy(string Reason) : Route;
}
