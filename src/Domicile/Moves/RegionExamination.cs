using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// A region's own look at itself, for <c>domicile doctor</c>: at what lies here, and at what the directory says must lie here.
/// What can't be examined is a finding of its own, and the look goes on.
/// </summary>
internal sealed class RegionExamination(RegionContext region)
{
    private const string Warning = "warning";
    private const string Error = "error";

    private string Place => region.Name.Value;

    public IReadOnlyList<DoctorFinding> Run()
    {
        var here = region.Storage.Accounts().ToHashSet();
        var missing = region.Directory.AtHomeIn(region.Name).Select(entry => entry.Profile.Id)
            .Union(region.Storage.Marks.AtHome()).Where(account => !here.Contains(account)).Where(IsHomeHere);
        var examined = missing.Concat(here.Where(account => !IsQuiet(account)));
        return [ExaminePolicy(), .. ExamineRoom(), .. Bounded(examined.SelectMany(Examine))];
    }

    private IEnumerable<DoctorFinding> ExamineRoom()
    {
        if (region.Storage.Room.FreeFiles is { } files and < MoveLimits.FreeFilesWarning)
        {
            yield return new DoctorFinding(
                Place, files <= StorageLimits.FilesForDeletions ? Error : Warning,
                string.Create(
                    CultureInfo.InvariantCulture, $"its disk has room for {files} further files (inodes), whatever bytes are free"),
                "Delete files that don't belong there, or make a file system with more inodes; until then writes are answered 507.");
        }
    }

    // The region's own mark is older than what control knows of the account.
    private bool IsHomeHere(AccountId account) => region.Directory.Find(account) is not { } entry || entry.Home == region.Name;

    private DoctorFinding ExaminePolicy()
        => region.Directory.Policy is null
            ? new DoctorFinding(Place, Error, "no policy has arrived here", "Is control running? See `domicile status`.")
            : new DoctorFinding(Place, "ok", $"policy {region.Directory.PolicyRevision} is known", "");

    // Whatever has befallen many accounts at once, what is said of them must fit into one answer.
    private List<DoctorFinding> Bounded(IEnumerable<DoctorFinding> findings)
    {
        var (named, further, isError) = (new List<DoctorFinding>(), 0, false);
        foreach (var finding in findings)
        {
            if (named.Count < MoveLimits.AccountsExaminedMax)
            {
                named.Add(finding);
                continue;
            }

            further++;
            isError |= finding.Status == Error;
        }

        if (further > 0)
        {
            named.Add(new DoctorFinding(
                Place, isError ? Error : Warning,
                string.Create(CultureInfo.InvariantCulture, $"{further} further findings of accounts are not shown"),
                "Mend those that are shown, and look again."));
        }

        return named;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Rotten rows may break any rule; the look at the others goes on.")]
    private IReadOnlyList<DoctorFinding> Examine(AccountId account)
    {
        try
        {
            if (region.Storage.Find(account) is { Row: { } row } store)
            {
                _ = store.Ring; // Another region's files come with keys that don't open here.
                return [.. Examine(store, row)];
            }

            return region.Directory.Find(account) is { } entry && entry.Home == region.Name
                ? [Say(AccountDamage.Lost(account, region.Name, entry.Epoch))] : [];
        }
        catch (StorageUnreadableException e) when (e.Next is not null)
        {
            return [new DoctorFinding(Place, Error, PeerText.Clean(e.Message), PeerText.Clean(e.Next))];
        }
        catch (Exception e)
        {
            return [new DoctorFinding(
                Place, Error, $"account {account} can't be read: {PeerText.Clean(e.Message)}",
                $"Check the disk. Then put {account}'s directory below accounts/ back from a backup, while {Place} is stopped. "
                + "The other accounts are served.")];
        }
    }

    // Nothing could be said of it, by what was noted when its database was closed: it isn't opened.
    private bool IsQuiet(AccountId account)
    {
        if (region.Damages.Find(account) is not null || region.Storage.FindNote(account) is not { } note)
        {
            return false;
        }

        // The file may be as it was closed while the log that followed is gone: the mark knows of what came after the note.
        var entry = region.Directory.Find(account);
        var isBehind = region.Storage.Marks.Find(account) is { } mark && (mark.Epoch != note.Epoch || mark.Seq > note.Seq);
        return !isBehind && note.State switch
        {
            AccountState.Active => entry?.Contradicts(note.Epoch, region.Name) != true,
            AccountState.Departed => !note.HasData,
            AccountState.None => !note.HasData && entry?.Home != region.Name,
            _ => false,
        };
    }

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
            if (region.Directory.Find(store.Account) is { } entry && entry.Contradicts(row.Epoch, region.Name))
            {
                yield return Say(entry.Epoch == row.Epoch
                    ? AccountDamage.Foreign(entry, region.Name) : AccountDamage.Old(entry, region.Name, row.Epoch));
            }

            if (region.Damages.Find(store.Account) is { } damage)
            {
                yield return Damaged(store.Account, damage);
            }
        }
        else if (row.State == AccountState.None && region.Directory.Find(store.Account) is { } lost && lost.Home == region.Name)
        {
            yield return Say(AccountDamage.Lost(store.Account, region.Name, lost.Epoch));
        }
    }

    private DoctorFinding Say(AccountDamage damage) => new(Place, Error, damage.What, damage.Next);

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
                $"account {account} is damaged, {damage.Count} troubles are known: {damage[0]}"),
            $"Check the disk. `domicile verify --account {account} --deep` names all. Restore the account from a backup, or have "
            + "its user delete or replace the objects that can't be read; then verify again.");
}
