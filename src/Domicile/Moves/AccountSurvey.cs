using System.Text.Json;
using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Objects.Listing;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// What a region can say of many accounts at a time. Of one whose database is closed it knows what was noted when it was
/// closed; where nothing is noted the database is opened, one at a time, with as long a rest as that took, and closed again:
/// such questions have time, clients have none.
/// </summary>
internal sealed class AccountSurvey(RegionContext region)
{
    /// <summary>For <see cref="RegionStorage.Summarize"/>: the account's usage, JSON.</summary>
    public static string Summarize(Sql sql, AccountRow row)
        => JsonSerializer.Serialize(Usage.Measure(sql, row.Account), MovesJson.Default.AccountUsage);

    /// <summary>The account's usage as of its last commit; read once for each.</summary>
    public static async Task<AccountUsage> MeasureAsync(
        RegionContext region, AccountCopy copy, CancellationToken cancellationToken)
        => region.Storage.Summarize is null ? await copy.MeasureUsageAsync(cancellationToken)
            : JsonSerializer.Deserialize(copy.Store.Summarize(), MovesJson.Default.AccountUsage)!;

    /// <returns>Null where the region has never heard of the account.</returns>
    public AccountStatus? Find(AccountId account)
        => region.Storage.FindNote(account) is { } note
            ? new AccountStatus(note.State, note.Epoch, note.Seq, note.Peer, note.Move, note.HasData)
            : region.Storage.Find(account)?.Row is { } row
                ? new AccountStatus(row.State, row.Epoch, row.Seq, row.Peer, row.Move, row.HasData) : null;

    /// <summary>Of as many as there is time and room for in an answer, at least one.</summary>
    /// <param name="measure">Reads an account, or says why it can't be read here.</param>
    public async Task<IReadOnlyList<MeasuredAccount>> MeasureAsync(
        IReadOnlyList<AccountId> accounts, Func<AccountId, CancellationToken, Task<AccountUsage>> measure,
        CancellationToken cancellationToken)
    {
        var begun = region.Time.GetTimestamp();
        var measured = new List<MeasuredAccount>();
        var categories = 0;
        foreach (var account in accounts)
        {
            var usage = Noted(account);
            var one = usage is null ? await ReadAsync(account, measure, cancellationToken) : new MeasuredAccount(account, usage, null);
            one = one.Usage is { Categories.Count: > MoveLimits.CategoriesToldMax }
                ? new MeasuredAccount(account, null, $"it has more than {MoveLimits.CategoriesToldMax} categories") : one;
            categories += 1 + (one.Usage?.Categories.Count ?? 0);
            if (measured.Count > 0 && categories > MoveLimits.CategoriesToldInAllMax)
            {
                break;
            }

            measured.Add(one);
            if (region.Time.GetElapsedTime(begun) > MoveLimits.SurveyMax)
            {
                break;
            }
        }

        return measured;
    }

    // As at the gateway: a copy that is older than the directory's word is not this account.
    private AccountUsage? Noted(AccountId account)
        => region.Storage.FindNote(account) is { State: AccountState.Active or AccountState.Sealed, Summary: { } summary } note
            && !(region.Directory.Find(account)?.Epoch > note.Epoch)
            ? JsonSerializer.Deserialize(summary, MovesJson.Default.AccountUsage) : null;

    private async Task<MeasuredAccount> ReadAsync(
        AccountId account, Func<AccountId, CancellationToken, Task<AccountUsage>> measure, CancellationToken cancellationToken)
    {
        var begun = region.Time.GetTimestamp();
        var wasOpen = region.Storage.IsOpen(account);
        MeasuredAccount measured;
        try
        {
            // One that departs would keep the others waiting for its cut-over.
            measured = region.Storage.Find(account)?.Row?.State is AccountState.Departing
                ? new MeasuredAccount(account, null, $"account {account} is being moved")
                : new MeasuredAccount(account, await measure(account, cancellationToken), null);
        }
        catch (RegionRefusedException e)
        {
            measured = new MeasuredAccount(account, null, e.Reason);
        }
        catch (StorageUnreadableException e)
        {
            measured = new MeasuredAccount(account, null, e.Message);
        }

        if (!wasOpen)
        {
            region.Storage.Find(account)?.TryRest();
        }

        await RestAsync(begun, cancellationToken);
        return measured;
    }

    private async Task RestAsync(long began, CancellationToken cancellationToken)
    {
        var worked = region.Time.GetElapsedTime(began);
        await Task.Delay(worked < MoveLimits.SurveyRestMax ? worked : MoveLimits.SurveyRestMax, region.Time, cancellationToken);
    }
}
