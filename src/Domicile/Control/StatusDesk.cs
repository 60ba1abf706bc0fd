using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Proofs;

namespace Domicile.Control;

/// <summary>Says how the deployment stands.</summary>
internal sealed class StatusDesk(ControlParts parts)
{
    public async Task<StatusView> StatusAsync(CancellationToken cancellationToken)
        => new(
            parts.Config.Name, parts.Policies.Current.Policy.Revision,
            (await RegionsAsync(cancellationToken)).Regions,
            parts.Moves.List(ControlLimits.MovesListed).Count(move => !move.IsOver), $"{PeerProtocol.Own}");

    /// <summary>Every region of the configuration, those that don't answer too.</summary>
    public async Task<RegionList> RegionsAsync(CancellationToken cancellationToken)
    {
        var counts = parts.Directory.CountByHome();
        var asked = parts.Config.Regions.Select(region => ViewAsync(region, counts, cancellationToken));
        return new RegionList(await Task.WhenAll(asked));
    }

    private async Task<RegionView> ViewAsync(
        RegionConfig region, IReadOnlyDictionary<string, int> counts, CancellationToken cancellationToken)
    {
        var facts = region.Facts;
        var asked = await parts.Regions.AskAsync(
            facts.Name, (peer, limited) => peer.StatusAsync(limited), cancellationToken, ControlLimits.StatusPatience);
        var answers = asked.Is(out var status, out var refusal);
        var isEnrolled = (await parts.Keys.FindAsync(facts.Name, cancellationToken)).Is(out _, out _);
        return new RegionView(
            facts.Name.Value, facts.Country.Code, facts.Operator.Name, facts.Operator.Country.Code, facts.Owner.Name,
            facts.Owner.Country.Code, facts.Custodian.Kind, facts.Custodian.Country.Code,
            region.Endpoint.ToString().TrimEnd('/'), answers ? "ready" : "unreachable", status?.ProcessId,
            counts.GetValueOrDefault(facts.Name.Value), isEnrolled,
            PublicKey.TryFromSpki(status?.SigningKey, out var shown) ? shown.Fingerprint : null,
            parts.Draining.Contains(facts.Name),
            status is null ? null : $"{status.Protocol ?? PeerProtocol.Unsaid}", status?.AccountFormat, refusal?.Error);
    }
}
