using Domicile.Accounts;

namespace Domicile.Moves;

/// <summary>What is asked of many accounts, of a region that can only be asked about one: several questions at a time.</summary>
internal static class OneByOne
{
    private const int AtOnce = 32;

    /// <inheritdoc cref="IRegionPeer.FindAccountsAsync"/>
    public static async Task<IReadOnlyList<AccountStatus?>> FindAsync(
        IRegionPeer peer, IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
    {
        var found = new List<AccountStatus?>();
        foreach (var some in accounts.Chunk(AtOnce))
        {
            found.AddRange(await Task.WhenAll(some.Select(account => peer.FindAccountAsync(account, cancellationToken))));
        }

        return found;
    }

    /// <inheritdoc cref="IRegionPeer.MeasureUsagesAsync"/>
    public static async Task<IReadOnlyList<MeasuredAccount>> MeasureAsync(
        IRegionPeer peer, IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
        => await Task.WhenAll(accounts.Take(AtOnce).Select(account => MeasureAsync(peer, account, cancellationToken)));

    /// <inheritdoc cref="IRegionPeer.CreateAccountsAsync"/>
    public static async Task<IReadOnlyList<string?>> CreateAsync(
        IRegionPeer peer, IReadOnlyList<FirstHome> accounts, CancellationToken cancellationToken)
    {
        var refusals = new List<string?>();
        foreach (var some in accounts.Chunk(AtOnce))
        {
            refusals.AddRange(await Task.WhenAll(some.Select(one => CreateAsync(peer, one, cancellationToken))));
        }

        return refusals;
    }

    private static async Task<string?> CreateAsync(IRegionPeer peer, FirstHome account, CancellationToken cancellationToken)
    {
        try
        {
            await peer.CreateAccountAsync(account.Profile, account.First, cancellationToken);
            return null;
        }
        catch (RegionRefusedException e)
        {
            return e.Reason;
        }
    }

    private static async Task<MeasuredAccount> MeasureAsync(
        IRegionPeer peer, AccountId account, CancellationToken cancellationToken)
    {
        try
        {
            return new MeasuredAccount(account, await peer.MeasureUsageAsync(account, cancellationToken), null);
        }
        catch (RegionRefusedException e)
        {
            return new MeasuredAccount(account, null, e.Reason);
        }
    }
}
