using Domicile.Accounts;
using Domicile.Objects;

namespace Domicile.Moves;

/// <summary>
/// Where a request meets its account, whatever the account's state: it opens the copy here, waits out a cut-over, or
/// says where the account went.
/// </summary>
internal sealed class AccountGateway
{
    /// <summary>
    /// Finds out where a request of this account is to be served. Waits while the account is departing here (bounded),
    /// and for a write also while it is sealed. The caller disposes a <see cref="Route.Here"/>'s copy.
    /// </summary>
    public ValueTask<Route> RouteAsync(AccountId account, bool isWrite, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    /// <summary>
    /// Runs a command where the account is active: here, or, if it was sealed since the request was routed, at the new
    /// home, to which command and content are handed over. Answers once, and only when the outcome is durable.
    /// A wait past the bound answers <c>SlowDown</c>.
    /// </summary>
    public Task<CommandResult> WriteAsync(AccountCopy copy, AccountCommand command, CancellationToken cancellationToken)
        => throw new NotImplementedException();
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
    public sealed record Redirect(RegionName Home, Uri Endpoint) : Route;

    /// <summary>Policy refuses relaying and redirecting: 403 with this reason.</summary>
    public sealed record Forbidden(string Reason) : Route;

    /// <summary>No region knows this account.</summary>
    public sealed record Unknown : Route;

    /// <summary>The account can't be served just now: 503 SlowDown with Retry-After.</summary>
    public sealed record Busy(string Reason) : Route;
}
