using System.Collections.Concurrent;
using Domicile.Accounts;
using Domicile.Moves;

namespace Domicile.Control;

/// <summary>
/// Erases an account for good. (1) Control saves the intent, from which no move can begin; (2) the home erases and signs
/// it; (3) the statement enters the ledger and the directory's entry becomes a tombstone, in one transaction. Each step may
/// be repeated; <see cref="AccountTidying"/> goes on where a crash or a silent region left it.
/// </summary>
internal sealed class EraseDesk(ControlParts parts, AccountDesk accounts)
{
    // Who asked for an erasure and the tidying may both be at it: the second waits and has the first one's entry to tell.
    private readonly KeyedGate _finishing = new();
    private readonly ConcurrentDictionary<AccountId, long> _entries = new();

    public async Task<Outcome<EraseView>> EraseAsync(string text, CancellationToken cancellationToken)
    {
        if (!accounts.Find(text).Is(out var account, out var refusal)
            || !(await IntendAsync(account, cancellationToken)).Is(out _, out refusal))
        {
            return refusal;
        }

        var finished = await FinishAsync(account, cancellationToken);
        return finished.Is(out var view, out var cause)
            ? view
            : cause with { Next = "the erasure is on record and goes on by itself as soon as the region can do it" };
    }

    /// <summary>Steps 2 and 3, of an account whose erasure is intended.</summary>
    public async Task<Outcome<EraseView>> FinishAsync(ControlAccount account, CancellationToken cancellationToken)
    {
        using var alone = await _finishing.EnterAsync(account.Id, cancellationToken);
        if (_entries.TryGetValue(account.Id, out var known))
        {
            return new EraseView(account.Id.Value, known);
        }

        var home = account.Home!.Value;
        var asked = await parts.Regions.AskAsync(
            home, (region, limited) => region.EraseAccountAsync(account.Id, account.Epoch, account.Salt, limited), cancellationToken,
            ControlLimits.LongAnswerPatience);
        if (!asked.Is(out var statement, out var refusal)
            || !(await parts.Receipts.CheckErasureAsync(statement, account, cancellationToken)).Is(out _, out refusal))
        {
            return refusal;
        }

        var index = await parts.Directory.ChangeAsync(
            sql =>
            {
                if (!AccountTable.Bury(sql, account.Id, ControlAccountState.Erasing))
                {
                    return (long?)null;
                }

                AccountTable.ForgetMoves(sql, account.Id);
                return parts.Ledger.AppendErasure(sql, statement);
            },
            cancellationToken);

        // The salt, the organisation and the sizes lay in the log until now.
        await parts.Database.EmptyLogAsync(cancellationToken);
        if (index is not { } entry)
        {
            return Refusal.NotFound($"account {account.Id} was erased");
        }

        _entries[account.Id] = entry;
        return new EraseView(account.Id.Value, entry);
    }

    private async Task<Outcome<bool>> IntendAsync(ControlAccount account, CancellationToken cancellationToken)
    {
        using var alone = await parts.Placing.EnterAsync(account.Id, cancellationToken);
        if (account.State == ControlAccountState.Erasing)
        {
            return true;
        }

        if (parts.Moves.FindOpen(account.Id) is { } move)
        {
            return Refusal.Conflict(
                $"account {account.Id} is moving to {move.Target} (move {move.Id})",
                "abort the move or wait until it is done, then erase");
        }

        var intended = await parts.Directory.ChangeAsync(
            sql => AccountTable.SetState(sql, account.Id, ControlAccountState.Active, ControlAccountState.Erasing),
            cancellationToken);
        return intended ? true : Refusal.Conflict($"account {account.Id} is being made or erased", "try again");
    }
}
