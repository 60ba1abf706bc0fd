using System.Security.Cryptography;
using System.Text;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;

namespace Domicile.Control;

/// <summary>
/// The configuration in force, with where its processes are found. Written by one reload at a time; read by anyone: what the field
/// holds is replaced whole.
/// </summary>
internal sealed class DeploymentBook
{
    private volatile DeploymentInForce _current;

    public DeploymentBook(DeploymentConfig config, Endpoints endpoints) => _current = DeploymentInForce.Of(config, endpoints);

    public DeploymentInForce Current => _current;

    public DeploymentConfig Config => _current.Config;

    /// <summary>Null where the configuration has no such region.</summary>
    public Uri? FindPeer(RegionName region) => _current.Endpoints.Regions.GetValueOrDefault(region)?.Peer;

    public void Put(DeploymentConfig config, Endpoints endpoints) => _current = DeploymentInForce.Of(config, endpoints);
}

/// <param name="Members">What regions are told of each other.</param>
/// <param name="Tag">Names <paramref name="Members"/>: a hash of them.</param>
internal sealed record DeploymentInForce(
    DeploymentConfig Config, Endpoints Endpoints, IReadOnlyList<RegionMember> Members, string Tag)
{
    public static DeploymentInForce Of(DeploymentConfig config, Endpoints endpoints)
    {
        RegionMember[] members =
            [.. config.Regions.Select(region => RegionMember.Of(region, endpoints.Regions[region.Facts.Name].Peer))];
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', members.Select(member => member.ToJson()))));
        return new DeploymentInForce(config, endpoints, members, Convert.ToHexStringLower(hash));
    }
}
