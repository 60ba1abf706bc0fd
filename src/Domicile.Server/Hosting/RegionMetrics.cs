using System.Globalization;
using System.Text;
using Domicile.Moves;

namespace Domicile.Server.Hosting;

/// <summary>A region's metrics in Prometheus' text format.</summary>
internal static class RegionMetrics
{
    public static Func<string> Of(RegionNode node)
        => () => new StringBuilder()
            .AppendLine("# HELP domicile_disk_free_bytes Bytes that can still be stored in this region.")
            .AppendLine("# TYPE domicile_disk_free_bytes gauge")
            .AppendLine(CultureInfo.InvariantCulture, $"domicile_disk_free_bytes {node.Region.Storage.FreeBytes}")
            .AppendLine("# HELP domicile_policy_revision The policy revision that this region knows.")
            .AppendLine("# TYPE domicile_policy_revision gauge")
            .AppendLine(CultureInfo.InvariantCulture, $"domicile_policy_revision {node.Region.Directory.PolicyRevision}")
            .AppendLine("# HELP process_resident_memory_bytes Resident memory of the process.")
            .AppendLine("# TYPE process_resident_memory_bytes gauge")
            .AppendLine(CultureInfo.InvariantCulture, $"process_resident_memory_bytes {Environment.WorkingSet}")
            .ToString();
}
