using Domicile.Accounts;

namespace Domicile.Deployments;

/// <summary>Which process of a deployment: control, or a region's node.</summary>
internal abstract record ProcessRole
{
    private ProcessRole()
    {
    }

    /// <summary>The directory below the deployment's data directory; a region can't be called <c>control</c>.</summary>
    public string DirectoryName => this is Region region ? region.Name.Value : "control";

    /// <summary>The name in its peer certificate: <c>domicile://DEPLOYMENT/control</c> or
    /// <c>domicile://DEPLOYMENT/region/NAME</c>.</summary>
    public string PeerName(string deployment)
        => this is Region region ? $"domicile://{deployment}/region/{region.Name}" : $"domicile://{deployment}/control";

    public sealed record Control : ProcessRole;

    public sealed record Region(RegionName Name) : ProcessRole;
}
