using Domicile.Accounts;
using Domicile.Deployments;

namespace Domicile.Policies;

/// <summary>What <c>policy check</c> says of a policy that reads without error.</summary>
internal static class PolicyCheck
{
    /// <summary>
    /// In the order of lines: rules that never decide, rules without a region, residences that end denied.
    /// </summary>
    public static IReadOnlyList<PolicyFinding> Run(Policy policy, IReadOnlyList<RegionFacts> regions)
    {
        IEnumerable<PolicyFinding> ofRules = policy.Rules.SelectMany((rule, index) =>
            FindShadow(policy, index).Concat(FindNoRegion(rule, regions)).Concat(FindUnusedCountries(rule, regions))
                .Concat(FindIdlePreferences(rule, regions))
                .Concat(FindUnknownCategories(rule)).Concat(FindIdleKeys(rule)));
        return [.. FindDenied(policy).Concat(ofRules).OrderBy(finding => finding.Line)];
    }

    private static IEnumerable<PolicyFinding> FindShadow(Policy policy, int index)
    {
        if (RuleShadow.Find(policy.Rules, index) is { Count: > 0 } covering)
        {
            var names = string.Join(", ", covering.Select(rule => $"'{rule.Name}' (line {rule.Line})"));
            yield return Warn(policy.Rules[index], $"never decides: what it is about is decided before by {names}");
        }
    }

    private static IEnumerable<PolicyFinding> FindNoRegion(PolicyRule rule, IReadOnlyList<RegionFacts> regions)
    {
        if (regions.All(region => rule.Objection(region) is not null))
        {
            yield return Warn(rule, "permits no region of this deployment: what it is about is denied");
        }
    }

    private static IEnumerable<PolicyFinding> FindUnusedCountries(PolicyRule rule, IReadOnlyList<RegionFacts> regions)
    {
        var places = regions.Select(region => region.Country).ToHashSet();
        var allowed = (rule.Allow?.Countries ?? new HashSet<Country>()).Except(places).ToList();
        if (allowed.Count > 0)
        {
            yield return Note(rule, $"allows {Words.List(allowed)}, where this deployment has no region");
        }

        var exposures = regions.SelectMany(region => region.Exposure).ToHashSet();
        var avoided = (rule.Avoid?.Countries ?? new HashSet<Country>()).Except(exposures).ToList();
        if (avoided.Count > 0)
        {
            yield return Note(rule, $"avoids {Words.List(avoided)}, to which no region of this deployment is exposed");
        }
    }

    private static IEnumerable<PolicyFinding> FindIdlePreferences(PolicyRule rule, IReadOnlyList<RegionFacts> regions)
        => from region in regions
           where rule.Prefer.Contains(new PreferredPlace(region.Name)) && rule.Objection(region) is not null
           select Note(rule, $"prefers {region.Name}, which it doesn't permit");

    private static IEnumerable<PolicyFinding> FindUnknownCategories(PolicyRule rule)
        => from category in rule.When.Categories?.Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>()
           where !Category.Known.Contains(category)
           let near = NearestWord.Find(category, Category.Known)
           where near is not null
           select Note(rule, $"category '{category}' is none of the known ones; did you mean '{near}'?");

    private static IEnumerable<PolicyFinding> FindIdleKeys(PolicyRule rule)
    {
        (string Key, bool IsSet)[] keys =
        [
            ("sealed", rule.SealedRequired), ("retain", rule.Retain is not null),
            ("coarsen", rule.CoarsenMetres is not null), ("replicas", rule.Replicas > 0),
        ];
        return keys.Where(key => key.IsSet).Select(key => Note(rule, $"'{key.Key}' is kept but doesn't act yet"));
    }

    /// <summary>For accounts without organisation: which residences no rule matches, by category.</summary>
    private static IEnumerable<PolicyFinding> FindDenied(Policy policy)
    {
        var categories = policy.Rules.SelectMany(rule => rule.When.Categories ?? new HashSet<string>())
            .Append(Category.None).Distinct().Order(StringComparer.Ordinal);
        foreach (var category in categories)
        {
            var denied = IsoCountries.Codes.Select(Country.Parse)
                .Where(country => !Matches(policy, country, category)).ToList();
            if (denied.Count > 0)
            {
                yield return new PolicyFinding(FindingKind.Warning, 1, $"{Words.Category(category)}: no rule matches "
                    + $"{denied.Count} of {IsoCountries.Codes.Count} residences, which are denied: "
                        + $"{Words.List(denied)}");
            }
        }
    }

    private static bool Matches(Policy policy, Country residence, string category)
    {
        var nobody = new AccountProfile(default, residence, null);
        return policy.Rules.Any(rule => rule.When.Matches(nobody, category));
    }

    private static PolicyFinding Warn(PolicyRule rule, string what)
        => new(FindingKind.Warning, rule.Line, $"rule '{rule.Name}' {what}");

    private static PolicyFinding Note(PolicyRule rule, string what)
        => new(FindingKind.Note, rule.Line, $"rule '{rule.Name}': {what}");
}

/// <param name="Line">In the policy's file; 1 where it is about the whole.</param>
internal sealed record PolicyFinding(FindingKind Kind, int Line, string Message);

internal enum FindingKind
{
    /// <summary>For information, such as a key that doesn't act yet.</summary>
    Note,

    /// <summary>Probably not what was meant.</summary>
    Warning,
}
