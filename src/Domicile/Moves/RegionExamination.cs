using Domicile.Accounts;

namespace Domicile.Moves;

/// <summary>A region's own look at itself, for <c>domicile doctor</c>.</summary>
internal static class RegionExamination
{
    public static IReadOnlyList<DoctorFinding> Run(RegionContext region)
    {
        var place = region.Name.Value;
        List<DoctorFinding> findings =
        [
            region.Directory.Policy is null
                ? new DoctorFinding(place, "error", "no policy has arrived here", "Is control running? See `domicile status`.")
                : new DoctorFinding(place, "ok", $"policy {region.Directory.PolicyRevision} is known", ""),
        ];
        findings.AddRange(
            from account in region.Storage.Accounts()
            let row = region.Storage.Find(account)?.Row
            where row is { State: AccountState.Departed or AccountState.None, HasData: true }
            select new DoctorFinding(
                place, "warning", $"account {account} has left, and data of it is still here",
                "`domicile moves list` shows the move that erases it; `domicile moves abort MOVE` clears a failed one."));
        findings.AddRange(
            from account in region.Storage.Accounts()
            let row = region.Storage.Find(account)?.Row
            where row is { State: AccountState.Sealed or AccountState.Departing }
            select new DoctorFinding(
                place, "warning", $"account {account} is {row.State} for move {row.Move}",
                "It frees itself within seconds; if not, check that the target region runs."));
        findings.AddRange(
            from account in region.Storage.Accounts()
            let row = region.Storage.Find(account)?.Row
            where row is { State: AccountState.Active or AccountState.Sealed }
            let entry = region.Directory.Find(account)
            where entry is not null && entry.Epoch > row.Epoch
            select new DoctorFinding(
                place, "error",
                $"account {account} lies here as of epoch {row.Epoch}, but its home is {entry.Home?.Value ?? "nowhere"} "
                + $"since epoch {entry.Epoch}: an old backup was put back",
                $"Stop {place}, remove {account}'s directory below accounts/, and start it again."));
        return findings;
    }
}
