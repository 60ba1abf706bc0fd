using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;

namespace Domicile.Server.Peers;

/// <summary>
/// Where a region finds the others: as control/endpoints.json below its data directory says, where there is one (<c>up</c>
/// writes it); else as control has told.
/// </summary>
internal sealed class PeerAddresses(string dataDirectory, RegionDirectory replica)
{
    private volatile Read _read = new([], null);

    /// <summary>Null: it is no region of the deployment.</summary>
    public Uri? Find(RegionName region)
        => replica.FindMember(region) is { } member
            ? Chosen()?.Regions.GetValueOrDefault(region)?.Peer ?? member.Peer : null;

    // Who adds a region there, writes it there before control tells of it.
    private Endpoints? Chosen()
    {
        var members = replica.Members;
        if (!ReferenceEquals(_read.For, members))
        {
            _read = new Read(members, Endpoints.Load(dataDirectory));
        }

        return _read.Chosen;
    }

    private sealed record Read(IReadOnlyList<RegionMember> For, Endpoints? Chosen);
}
