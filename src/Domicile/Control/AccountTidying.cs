using Domicile.Accounts;
using Microsoft.Extensions.Logging;

namespace Domicile.Control;

/// <summary>
/// Ends what was begun and left: accounts that were being made when control or their region failed are erased, erasures
/// that were intended are done. Runs as long as control; looks again after each change and, while something is left, after
/// a bounded delay.
/// </summary>
internal sealed partial class AccountTidying(
    ControlParts parts, AccountDesk accounts, EraseDesk erasures, ILogger<AccountTidying> log)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var delay = ControlLimits.RetryDelayFirst;
        while (true)
        {
            var seen = parts.Directory.Changes.Count;
            if (await TidyAsync(cancellationToken) == 0)
            {
                delay = ControlLimits.RetryDelayFirst;
                await parts.Directory.Changes.ChangedSinceAsync(seen, cancellationToken);
            }
            else
            {
                await Task.Delay(delay, parts.Time, cancellationToken);
                delay = delay * 2 < ControlLimits.RetryDelayMax ? delay * 2 : ControlLimits.RetryDelayMax;
            }
        }
    }

    /// <summary>One round over all that is left.</summary>
    /// <returns>How much is still left.</returns>
    public async Task<int> TidyAsync(CancellationToken cancellationToken)
    {
        var left = 0;
        foreach (var account in Unfinished(ControlAccountState.Creating))
        {
            // Who is making it has either ended by now, and then the state tells how, or still shows here.
            if (!accounts.UnderWay.ContainsKey(account.Id))
            {
                await parts.Directory.ChangeAsync(
                    sql => AccountTable.SetState(
                        sql, account.Id, ControlAccountState.Creating, ControlAccountState.Abandoned),
                    cancellationToken);
            }
        }

        foreach (var account in Unfinished(ControlAccountState.Abandoned))
        {
            left += await UndoAsync(account, cancellationToken) ? 0 : 1;
        }

        foreach (var account in Unfinished(ControlAccountState.Erasing))
        {
            var finished = await erasures.FinishAsync(account, cancellationToken);
            left += Note(account, finished.Is(out _, out var refusal), refusal) ? 0 : 1;
        }

        return left;
    }

    private IEnumerable<ControlAccount> Unfinished(ControlAccountState state)
        => parts.Directory.ListUnfinished().Where(account => account.State == state);

    // The intent was saved, nobody got the key: whatever the region has of it goes.
    private async Task<bool> UndoAsync(ControlAccount account, CancellationToken cancellationToken)
    {
        var home = account.Home!.Value;
        var found = await parts.Regions.AskAsync(
            home, (region, limited) => region.FindAccountAsync(account.Id, limited), cancellationToken);
        if (!found.Is(out var status, out var refusal))
        {
            return Note(account, false, refusal);
        }

        if (status is { HasData: true })
        {
            var erased = await parts.Regions.AskAsync(
                home, (region, limited) => region.EraseAccountAsync(account.Id, account.Epoch, account.Salt, limited), cancellationToken);
            if (!erased.Is(out _, out refusal))
            {
                return Note(account, false, refusal);
            }
        }

        return await parts.Directory.ChangeAsync(
            sql => AccountTable.Bury(sql, account.Id, ControlAccountState.Abandoned), cancellationToken);
    }

    private bool Note(ControlAccount account, bool done, Refusal? refusal)
    {
        if (!done)
        {
            LogLeft(log, account.Id, account.State, refusal!.Error);
        }

        return done;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Account {Account} stays {State} for now: {Cause}. Trying again.")]
    private static partial void LogLeft(ILogger log, AccountId account, ControlAccountState state, string cause);
}
