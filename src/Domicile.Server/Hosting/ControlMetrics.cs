using Domicile.Control;
using Domicile.Moves;

namespace Domicile.Server.Hosting;

/// <summary>Control's numbers.</summary>
internal static class ControlMetrics
{
    public static IEnumerable<Metric> Read(ControlDesk desk)
    {
        foreach (var (home, count) in desk.Directory.CountByHome())
        {
            yield return new Metric("domicile_accounts", "Accounts by home.", false, count, ("region", home));
        }

        var open = desk.MoveDesk.ListOpen().CountBy(move => move.State).ToDictionary();
        foreach (var state in Enum.GetValues<MoveState>().Where(state => state < MoveState.Done))
        {
            yield return new Metric(
                "domicile_moves_open", "Open moves by the step that is next.", false, open.GetValueOrDefault(state),
                ("state", MoveViews.StateName(state)));
        }

        yield return new Metric("domicile_ledger_entries", "Entries of the ledger.", false, desk.Ledger.Size);
        yield return new Metric("domicile_directory_version", "The directory's last version.", false, desk.Directory.LastVersion);
        yield return new Metric("domicile_policy_revision", "The policy in force.", false, desk.Policies.Show().Revision);
        yield return new Metric("domicile_control_free_bytes", "Free space of control's disk.", false, desk.Database.FreeBytes);
    }
}
