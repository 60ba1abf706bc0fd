using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Storage;

namespace Domicile.Control;

/// <summary>
/// Which region is each account's home, in which epoch. Every change has the next version; replicas ask for what came after
/// theirs. A hint for routing and never an authority: that is the region's own row.
/// </summary>
internal sealed class AccountDirectory(ControlDatabase database)
{
    /// <summary>Raised after each durable change.</summary>
    public ChangeSignal Changes { get; } = new();

    public ControlAccount? Find(AccountId account) => database.Read(sql => AccountTable.Find(sql, account));

    /// <summary>All but tombstones, oldest first.</summary>
    public IReadOnlyList<ControlAccount> List() => database.Read(AccountTable.List);

    public IReadOnlyList<ControlAccount> ListInState(ControlAccountState state)
        => database.Read(sql => AccountTable.ListInState(sql, state));

    /// <summary>Accounts of which something is still to be done; costs what they are.</summary>
    public IReadOnlyList<ControlAccount> ListUnfinished() => database.Read(AccountTable.ListUnfinished);

    public IReadOnlyDictionary<string, int> CountByHome() => database.Read(AccountTable.CountByHome);

    public long LastVersion => database.Read(AccountTable.LastVersion);

    /// <summary>In the order of versions, at most <see cref="ControlLimits.EntriesPerUpdate"/>: ask again with the last.</summary>
    public IReadOnlyList<DirectoryEntry> Since(long version)
        => database.Read(sql => AccountTable.Since(sql, version, ControlLimits.EntriesPerUpdate));

    /// <summary>One entry, of any state that regions are told of; null for an unknown account.</summary>
    public DirectoryEntry? FindEntry(AccountId account)
        => Find(account) is { Version: > 0 } found
            ? new DirectoryEntry(found.Profile, found.Home, found.Epoch, found.Version) : null;

    /// <summary>Changes the table in one transaction, then wakes who waits.</summary>
    public async Task<T> ChangeAsync<T>(Func<Sql, T> change, CancellationToken cancellationToken)
    {
        var answer = await database.WriteAsync(change, cancellationToken);
        Changes.Raise();
        return answer;
    }

    /// <summary>Remembers what a home said of an account's size, for the policy's questions while it doesn't answer.</summary>
    public Task NoteUsageAsync(AccountId account, AccountUsage usage, CancellationToken cancellationToken)
        => NoteUsagesAsync([(account, usage)], cancellationToken);

    /// <summary>The same of many, some thousands in a transaction: what others write meanwhile doesn't wait for all of them.</summary>
    public async Task NoteUsagesAsync(
        IReadOnlyList<(AccountId Account, AccountUsage Usage)> usages, CancellationToken cancellationToken)
    {
        foreach (var some in usages.Chunk(ControlLimits.UsagesPerWrite))
        {
            await database.WriteAsync(
                sql =>
                {
                    foreach (var (account, usage) in some)
                    {
                        AccountTable.SetUsage(sql, account, usage);
                    }

                    return true;
                },
                cancellationToken);
        }
    }
}
