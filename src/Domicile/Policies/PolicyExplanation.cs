using Domicile.Accounts;

namespace Domicile.Policies;

/// <summary>Why an account belongs where it does: for <c>policy explain</c> and <c>where</c>.</summary>
/// <param name="Categories">One per category of the account.</param>
/// <param name="Regions">One per region of the deployment.</param>
internal sealed record PolicyExplanation(
    Placement Placement, IReadOnlyList<CategoryExplanation> Categories, IReadOnlyList<RegionExplanation> Regions)
{
    /// <inheritdoc cref="Policy.Place"/>
    public static PolicyExplanation Of(
        Policy policy, AccountProfile profile, IReadOnlySet<string> categories, IReadOnlyList<RegionFacts> regions,
        RegionName? current)
    {
        var rules = DecidingRules.Of(policy, profile, categories);
        return new PolicyExplanation(
            rules.Place(regions, current),
            [.. DecidingRules.CategoriesOf(categories).Select(category => Try(policy, profile, category))],
            [.. regions.Select(region => RegionExplanation.Of(region.Name, rules.Judge(region)))]);
    }

    private static CategoryExplanation Try(Policy policy, AccountProfile profile, string category)
    {
        var trials = new List<RuleTrial>();
        foreach (var rule in policy.Rules)
        {
            var mismatch = rule.When.Mismatch(profile, category);
            trials.Add(new RuleTrial(rule.Name, rule.Line, mismatch is null, mismatch ?? "matches"));
            if (mismatch is null)
            {
                return new CategoryExplanation(category, rule.Name, trials);
            }
        }

        return new CategoryExplanation(category, null, trials);
    }
}

/// <param name="Rule">That decides; null: none matches, so the category is denied.</param>
/// <param name="Trials">Rules in order up to the one that decides.</param>
internal sealed record CategoryExplanation(string Category, string? Rule, IReadOnlyList<RuleTrial> Trials);

internal sealed record RuleTrial(string Rule, int Line, bool Matched, string Reason);

internal sealed record RegionExplanation(RegionName Region, bool Permitted, string Reason)
{
    public static RegionExplanation Of(RegionName region, Permission permission)
        => new(region, permission is Permission.Granted, permission.Reason);
}
