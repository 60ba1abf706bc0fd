using System.Diagnostics.CodeAnalysis;
using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Objects.Rows;
using Domicile.Storage;
using Microsoft.Extensions.Logging;

namespace Domicile.Moves;

/// <summary>
/// Encrypts what lies under an account's former keys again under its newest, in the background, and destroys the former ones
/// when nothing is left under them. One content of a region at a time, with as long a rest as the work took. It goes on from
/// its cursor after a restart, and waits while a move is prepared: what is about to leave gets a new key at its new home.
/// </summary>
/// <remarks>
/// Why nothing is left under a former key at its end. What began after the key was drawn writes under it. What had begun
/// before holds the copy (<see cref="Holds"/>): the pass goes to the end of what is committed, waits for the holds of then, and
/// goes over what they brought; when that round finds nothing to do, readers of what it replaced have ended too.
/// See docs/decisions/0028-new-keys-at-a-new-home.md.
/// </remarks>
internal sealed partial class Reencryptor(RegionContext region, ILogger<Reencryptor> log) : IAsyncDisposable
{
    private const ConfigureAwaitOptions Quiet =
        ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext;

    private readonly Lock _gate = new();
    private readonly Dictionary<AccountId, Task> _passes = [];
    private readonly HashSet<AccountId> _again = [];
    private readonly Turns _turns = new() { AtOnce = 1 };
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Accounts that have a pass, or shall have another one.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _passes.Count + _again.Count;
            }
        }
    }

    /// <summary>Something of the account may lie under a former key, and may be encrypted again now. Costs nothing if not.</summary>
    public void Begin(AccountId account)
    {
        lock (_gate)
        {
            if (_passes.ContainsKey(account))
            {
                _again.Add(account);
            }
            else if (!_stop.IsCancellationRequested && region.Storage.Find(account) is { } store && IsDue(store))
            {
                _passes[account] = region.Storage.Workers.Run(() => RunAsync(account));
            }
        }
    }

    /// <summary>When it returns, nothing is written any more; the next start goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task[] passes;
        lock (_gate)
        {
            passes = [.. _passes.Values];
        }

        foreach (var pass in passes)
        {
            await pass.ConfigureAwait(Quiet);
        }

        _stop.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever it was: the cursor stays true, and it is tried again.")]
    private async Task RunAsync(AccountId account)
    {
        for (var failures = 0; !_stop.IsCancellationRequested;)
        {
            var isTrouble = true;
            try
            {
                await PassAsync(region.Storage.Open(account));
                isTrouble = false;
            }
            catch (OperationCanceledException)
            {
                // The region closes, or the copy is being erased, which the next look at its row sees.
            }
            catch (StorageUnreadableException e)
            {
                // What can't be read stays so until somebody restores it.
                LogTrouble(log, account, e.Message);
                isTrouble = false;
            }
            catch (Exception e)
            {
                LogTrouble(log, account, e.Message);
            }

            if (!isTrouble && HasEnded(account))
            {
                return;
            }

            failures = isTrouble ? failures + 1 : 0;
            var after = MoveLimits.RetryAfter(failures, MoveLimits.ReencryptionRetryMax);
            await Task.Delay(after, region.Time, _stop.Token).ConfigureAwait(Quiet);
        }
    }

    private bool HasEnded(AccountId account)
    {
        lock (_gate)
        {
            return !_again.Remove(account) && _passes.Remove(account);
        }
    }

    private async Task PassAsync(AccountStore store)
    {
        if (!IsDue(store) || await BeginAsync(store) is not { } rekey)
        {
            return;
        }

        // :: Step 1: secrets.
        if (await RenewSecretsAsync(store, rekey) is not { } damagedSecrets)
        {
            return;
        }

        // :: Step 2: contents, until nobody is there who began before the last round.
        for (var hasWaited = false; ; hasWaited = true)
        {
            if (await WalkAsync(store, rekey.Cause) is not { } rewritten)
            {
                return;
            }

            if (hasWaited && rewritten == 0)
            {
                break;
            }

            await CrashPoint.ReachAsync("rekey.walked", store.Account);
            await store.HoldsOpenNowEndedAsync(_stop.Token);
        }

        // :: Step 3: the former keys.
        if (await store.WriteAsync(transaction => End(transaction, store, rekey.Cause), _stop.Token) is { Damaged: > 0 } left)
        {
            LogDamaged(log, store.Account, left.Damaged, damagedSecrets);
        }
    }

    private static bool IsDue(AccountStore store) => IsDue(store.Row) && store.HasFormerKeys;

    private static bool IsDue(AccountRow? row) => row is { State: AccountState.Active, Pulling: null };

    // What was damaged may have been restored, or deleted, since: then all is looked at again.
    private async Task<RekeyRow?> BeginAsync(AccountStore store)
        => store.Read(sql => RekeyRow.Find(sql, store.Account)) is { Damaged: 0 } found ? found
            : await store.WriteAsync(
                transaction =>
                {
                    var now = RekeyRow.Find(transaction.Sql, store.Account) is { } row ? row with { Cursor = 0, Damaged = 0 } : null;
                    now?.Save(transaction);
                    return now;
                },
                _stop.Token);

    /// <returns>How many open under no key; null where the account is not to be written now.</returns>
    private Task<int?> RenewSecretsAsync(AccountStore store, RekeyRow rekey)
        => store.WriteAsync(
            transaction =>
            {
                if (!IsDue(transaction.Row) || FindOwn(transaction, rekey.Cause) is not { } now)
                {
                    return null;
                }

                var damaged = SecretRenewal.Run(transaction, transaction.Row!.Epoch);
                if (damaged > 0)
                {
                    (now with { Damaged = now.Damaged + damaged.Value }).Save(transaction);
                }

                return damaged;
            },
            _stop.Token);

    /// <summary>Goes over the contents after the cursor, up to the end of what is committed now.</summary>
    /// <returns>How many were encrypted again; null where it can't go on now.</returns>
    private async Task<long?> WalkAsync(AccountStore store, Guid cause)
    {
        if (store.Read(sql => RekeyRow.Find(sql, store.Account)) is not { } rekey || rekey.Cause != cause)
        {
            return null;
        }

        var (place, rewritten) = (new Place(rekey.Cursor, AfterAllIds), 0L);
        for (var until = store.Row?.Seq ?? 0; place != new Place(until, AfterAllIds) && place.Seq <= until;)
        {
            using var turn = await _turns.TakeAsync(_stop.Token);
            var began = region.Time.GetTimestamp();
            if (await StepAsync(store, cause, place, until) is not { } step)
            {
                return null;
            }

            (place, rewritten) = (step.Place, rewritten + step.Rewritten);
            await RestAsync(began);
        }

        return rewritten;
    }

    private async Task RestAsync(long began)
    {
        var worked = region.Time.GetElapsedTime(began);
        await Task.Delay(
            worked < MoveLimits.ReencryptionRestMax ? worked : MoveLimits.ReencryptionRestMax, region.Time, _stop.Token);
    }

    // One content in a file, or some in rows. The hold comes before the look at state and rows: erasing waits for it, and so
    // does the deletion of a file whose row goes meanwhile.
    private async Task<Step?> StepAsync(AccountStore store, Guid cause, Place after, long until)
    {
        using var hold = store.HoldOpen();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, hold.Cut);
        if (!IsDue(store))
        {
            return null;
        }

        var page = store.Read(sql => FindAfter(sql, store.Account, after, until));
        var taken = page.Count > 0 && !page[0].IsInline ? [page[0]] : page.TakeWhile(content => content.IsInline).ToList();
        var (anew, damaged, files) = (new List<StoredContent>(), 0, 0);
        foreach (var content in taken)
        {
            try
            {
                files += await RenewAsync(store, content, anew, ending.Token) ? 1 : 0;
            }
            catch (ContentCorruptException e)
            {
                damaged++;
                LogTrouble(log, store.Account, e.Message);
            }
        }

        await CrashPoint.ReachAsync("rekey.rewritten", store.Account);
        var place = taken.Count > 0 ? new Place(taken[^1].Seq, taken[^1].Id) : new Place(until, AfterAllIds);
        var isSaved = await store.WriteUnflushedAsync(
            transaction => Save(transaction, cause, place, anew, damaged), ending.Token);
        return isSaved ? new Step(place, anew.Count + files) : null;
    }

    /// <returns>Whether it was a file, and has been replaced.</returns>
    private async Task<bool> RenewAsync(
        AccountStore store, ContentRow row, List<StoredContent> anew, CancellationToken cancellationToken)
    {
        var content = new StoredContent(row.Id, row.LengthBytes, row.Inline);
        if (!content.IsInline)
        {
            return await SealedAnew.RewriteFileAsync(store.Contents, region.Storage, content, cancellationToken);
        }

        if (await SealedAnew.OfInlineAsync(store.Contents, content, cancellationToken) is { } bytes)
        {
            anew.Add(content with { Inline = bytes });
        }

        return false;
    }

    // Contents are not digested, and the row keeps its seq. One that is gone stays gone. Not flushed: what a crash undoes is
    // done again, and the commit that destroys the former keys flushes all before it.
    private static bool Save(AccountTransaction transaction, Guid cause, Place place, List<StoredContent> anew, int damaged)
    {
        if (!IsDue(transaction.Row) || FindOwn(transaction, cause) is not { } rekey)
        {
            return false;
        }

        foreach (var content in anew)
        {
            transaction.Sql.Execute(
                "UPDATE content SET inline = @p3 WHERE account = @p1 AND content = @p2 AND inline IS NOT NULL",
                transaction.Account.Value, content.ContentId, content.Inline.ToArray());
        }

        // Others of the same seq may be still to come: a restart looks at them again.
        var cursor = place.Id == AfterAllIds ? place.Seq : place.Seq - 1;
        (rekey with { Cursor = Math.Max(rekey.Cursor, cursor), Damaged = rekey.Damaged + damaged }).Save(transaction);
        return true;
    }

    private static RekeyRow? End(AccountTransaction transaction, AccountStore store, Guid cause)
    {
        if (!IsDue(transaction.Row) || FindOwn(transaction, cause) is not { } rekey)
        {
            return null;
        }

        if (rekey.Damaged == 0)
        {
            store.DestroyFormerKeys(transaction);
            (rekey with { EndedAt = transaction.Now }).Save(transaction);
        }

        return rekey;
    }

    // Null where another key has been drawn since: the pass that follows it begins anew.
    private static RekeyRow? FindOwn(AccountTransaction transaction, Guid cause)
        => RekeyRow.Find(transaction.Sql, transaction.Account) is { EndedAt: null } row && row.Cause == cause ? row : null;

    private static List<ContentRow> FindAfter(Sql sql, AccountId account, Place after, long until) => sql.List(
        $"{ContentRow.Select} WHERE account = @p1 AND seq >= @p2 AND seq <= @p4 AND (seq, content) > (@p2, @p3) "
        + "ORDER BY seq, content LIMIT @p5",
        ContentRow.Read, account.Value, after.Seq, after.Id, until, (long)MoveLimits.ReencryptedRowsAtOnce);

    // Ids are of a-z2-7: this stands after all of them.
    private const string AfterAllIds = "~";

    /// <summary>Of the content that was looked at last, in the order of (seq, id).</summary>
    private readonly record struct Place(long Seq, string Id);

    private sealed record Step(Place Place, long Rewritten);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Encrypting account {Account} under its new key: {Cause}")]
    private static partial void LogTrouble(ILogger log, AccountId account, string cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Damaged} contents of account {Account} open under no key, "
        + "{Secrets} of them secrets of access keys: the former key is kept. 'domicile verify --account' names them.")]
    private static partial void LogDamaged(ILogger log, AccountId account, long damaged, int secrets);
}
