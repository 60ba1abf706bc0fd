using System.Globalization;
using Domicile.Deployments;
using Domicile.Links;

namespace Domicile.Server.Tests.Deployment;

/// <summary>What a test's deployment is to be: its regions, its policy, whether its listeners are https.</summary>
internal sealed record DeploymentSetup
{
    public static readonly RegionSetup Beijing = new("beijing", "CN", "CN", "CN", "CN");
    public static readonly RegionSetup Singapore = new("singapore", "SG", "US", "CN", "SG");
    public static readonly RegionSetup California = new("california", "US", "US", "CN", "US");

    public IReadOnlyList<RegionSetup> Regions { get; init; } = [Beijing, Singapore, California];

    /// <summary>policy.yaml; by default the one of <c>domicile up</c>: CN stays in CN, everyone else leaves.</summary>
    public string Policy { get; init; } = DefaultDeployment.PolicyText;

    public bool Tls { get; init; }

    /// <summary>
    /// Not null: a link of its own lies between every two processes and way, see <see cref="LiveDeployment.LinkOf"/>.
    /// </summary>
    public LinkTerms? Links { get; init; }

    /// <summary>What its processes find in their environment beside this one's.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// The Domicile.Server.dll that runs at first, and makes what lies in the data directory; null for this build's, where all
    /// processes start at once.
    /// </summary>
    public string? Program { get; init; }

    /// <summary>domicile.yaml. Every port is named: none is left to be chosen at the start.</summary>
    /// <param name="ports">Three of control, then three of each region.</param>
    public string ConfigText(IReadOnlyList<int> ports)
        => string.Join(
            '\n',
            [
                "deployment: test",
                $"control: {{ {Listeners(ports, 0)} }}",
                "regions:",
                .. Regions.Select((region, index) => $"  {region.Name}: {{ {Listeners(ports, index + 1)}, {region.Facts()} }}"),
                "policy: policy.yaml",
                $"tls: {(Tls ? "true" : "false")}",
                "",
            ]);

    private static string Listeners(IReadOnlyList<int> ports, int process)
        => string.Create(
            CultureInfo.InvariantCulture,
            $"listen: \"http://127.0.0.1:{ports[process * 3]}\", peer: \"https://127.0.0.1:{ports[(process * 3) + 1]}\", "
                + $"management: \"http://127.0.0.1:{ports[(process * 3) + 2]}\"");
}

/// <param name="Country">Where the machines are; the other three are those of operator, owner and custodian.</param>
internal sealed record RegionSetup(string Name, string Country, string Operator, string Owner, string Custodian)
{
    /// <summary>Names below which a bucket is a host.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    public string Facts()
        => $"country: {Country}, operator: {{ name: Operator, country: {Operator} }}, "
            + $"owner: {{ name: Owner, country: {Owner} }}, custodian: {{ kind: local, country: {Custodian} }}"
            + (Hosts.Count == 0 ? "" : $", hosts: [{string.Join(", ", Hosts)}]");
}
