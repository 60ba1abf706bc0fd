using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Policies;
using Xunit;

namespace Domicile.Tests.Policies;

/// <summary>The regions and the policy of the demo's story, and words to build others.</summary>
internal static class Samples
{
    public static readonly RegionFacts Beijing = Region("beijing", "CN", "CN", "CN", "CN");
    public static readonly RegionFacts Singapore = Region("singapore", "SG", "US", "CN", "SG");
    public static readonly RegionFacts California = Region("california", "US", "US", "CN", "US");

    public static readonly IReadOnlyList<RegionFacts> Regions = [Beijing, Singapore, California];

    public static RegionFacts Region(string name, string country, string runs, string owner, string custodian)
        => new(
            RegionName.Parse(name), Country.Parse(country), new Party("Operator", Country.Parse(runs)),
            new Party("Owner", Country.Parse(owner)), new CustodianFacts("local", Country.Parse(custodian)));

    public static Policy Story => Read(DefaultDeployment.PolicyText);

    public static Policy Read(string text)
        => Assert.IsType<PolicyResult.Ok>(Policy.Parse(text, "policy.yaml")).Policy;

    /// <summary>A policy of these rules, each one line of YAML flow.</summary>
    public static Policy Rules(params string[] rules)
        => Read("version: 1\nrules:\n" + string.Concat(rules.Select((rule, n) => $"  - {{ name: rule {n + 1}, {rule} }}\n")));

    public static AccountProfile Resident(string country, string? organisation = null)
        => new(AccountId.FromRandom(new byte[10]), Country.Parse(country), organisation);

    public static HashSet<string> Categories(params string[] categories) => [.. categories];

    public static Placement.Permitted Placed(this Policy policy, AccountProfile profile, params string[] categories)
        => Assert.IsType<Placement.Permitted>(policy.Place(profile, Categories(categories), Regions, current: null));
}
