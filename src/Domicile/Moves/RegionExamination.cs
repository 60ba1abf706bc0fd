using System.Globalization;
using System.Text;
using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>A region's own look at itself, for <c>domicile doctor</c>.</summary>
/// <param name="damages">What the last deep verification of an account here found; none where it found nothing.</param>
internal sealed class RegionExamination(RegionContext region, IReadOnlyDictionary<AccountId, IReadOnlyList<string>> damages)
{
    private const string Warning = "warning";
    private const string Error = "error";

    private string Place => region.Name.Value;

    public IReadOnlyList<DoctorFinding> Run()
        =>
        [
            region.Directory.Policy is null
                ? new DoctorFinding(Place, Error, "no policy has arrived here", "Is control running? See `domicile status`.")
                : new DoctorFinding(Place, "ok", $"policy {region.Directory.PolicyRevision} is known", ""),
            .. from account in region.Storage.Accounts()
               where !IsQuiet(account)
               let store = region.Storage.Find(account)
               let row = store?.Row
               where row is not null
               from finding in Examine(store, row)
               select finding,
        ];

    // Nothing could be said of it, by what was noted when its database was closed: it isn't opened.
    private bool IsQuiet(AccountId account)
        => !damages.ContainsKey(account) && region.Storage.FindNote(account) is { } note
            && (note.State == AccountState.Active || note is { State: AccountState.Departed or AccountState.None, HasData: false })
            && !(region.Directory.Find(account)?.Epoch > note.Epoch && note.State == AccountState.Active);

    private IEnumerable<DoctorFinding> Examine(AccountStore store, AccountRow row)
    {
        switch (row)
        {
            case { State: AccountState.Departed or AccountState.None, HasData: true }:
                yield return Left(store);
                break;
            case { State: AccountState.Sealed or AccountState.Departing }:
                yield return new DoctorFinding(
                    Place, Warning, $"account {store.Account} is {row.State} for move {row.Move}",
                    "It frees itself within seconds; if not, check that the target region runs.");
                break;
        }

        if (row.State is AccountState.Active or AccountState.Sealed)
        {
            if (region.Directory.Find(store.Account) is { } entry && entry.Epoch > row.Epoch)
            {
                yield return new DoctorFinding(
                    Place, Error,
                    $"account {store.Account} lies here as of epoch {row.Epoch}, but its home is {entry.Home?.Value ?? "nowhere"} "
                    + $"since epoch {entry.Epoch}: an old backup was put back",
                    $"Stop {Place}, remove {store.Account}'s directory below accounts/, and start it again.");
            }

            if (damages.TryGetValue(store.Account, out var damage))
            {
                yield return Damaged(store.Account, damage);
            }
        }
    }

    // What a failed move brought stays until somebody has looked; all else goes by itself.
    private DoctorFinding Left(AccountStore store)
    {
        var last = store.Read(sql => RegionMoveRecord.FindLastArrival(sql, store.Account));
        var reason = last is { Outcome: MoveOutcome.Refused } ? Encoding.UTF8.GetString(last.Statement ?? []) : null;
        return MoveReasons.KeepsBoth(reason)
            ? new DoctorFinding(
                Place, Warning, $"what move {last!.Move} brought of account {store.Account} is kept for inspection: {reason}",
                $"When you have looked, `domicile moves abort {last.Move}` clears it. Until then no move can bring the account here.")
            : new DoctorFinding(
                Place, Warning, $"account {store.Account} has left, and data of it is still here",
                "It is being erased; `domicile moves list` shows the move. If it stays, look into this region's log.");
    }

    private DoctorFinding Damaged(AccountId account, IReadOnlyList<string> damage)
        => new(
            Place, Error,
            string.Create(
                CultureInfo.InvariantCulture,
                $"account {account} is damaged, {damage.Count} troubles at its last deep verification: {damage[0]}"),
            $"Check the disk. `domicile verify --account {account} --deep` names all. Restore the account from a backup, or have "
            + "its user delete or replace the objects that can't be read; then verify again.");
}
