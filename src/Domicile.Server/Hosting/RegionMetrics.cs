using Domicile.Moves;
using Domicile.Server.Peers;

namespace Domicile.Server.Hosting;

/// <summary>A region's numbers.</summary>
internal static class RegionMetrics
{
    public static IEnumerable<Metric> Read(RegionNode node, PeerClients peers, LimitedLogs log)
    {
        yield return new Metric(
            "domicile_disk_free_bytes", "Bytes that can still be stored in this region.", false, node.Region.Storage.FreeBytes);
        yield return new Metric(
            "domicile_policy_revision", "The policy revision that this region knows.", false, node.Region.Directory.PolicyRevision);
        yield return new Metric(
            "domicile_directory_version", "The last version of the directory that this region heard of.", false,
            node.Region.Directory.Version);
        var metrics = Of(peers, "domicile_relay_running", "Requests that are being relayed.", false, line => line.Running)
            .Concat(Of(peers, "domicile_relay_waiting", "Requests that wait to be relayed.", false, line => line.Waiting))
            .Concat(Of(
                peers, "domicile_relay_refused_total", "Requests answered 503 since the link was busy or broken.", true,
                line => line.Refused))
            .Concat(Of(
                peers, "domicile_relay_link_broken", "1 while the link counts as broken for relayed requests.", false,
                line => line.Link.IsBroken ? 1 : 0))
            .Concat(log.Read());
        foreach (var metric in metrics)
        {
            yield return metric;
        }
    }

    private static IEnumerable<Metric> Of(PeerClients peers, string name, string help, bool isCounter, Func<RelayLine, double> value)
        => peers.Relays.Select(relay => new Metric(name, help, isCounter, value(relay.Line), ("region", relay.Region.Value)));
}
