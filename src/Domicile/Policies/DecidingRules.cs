using System.Globalization;
using Domicile.Accounts;

namespace Domicile.Policies;

/// <summary>
/// The rules that decide over one account: for each of its categories the first that matches. An account is placed as a
/// whole, so a region must suit them all.
/// </summary>
internal sealed class DecidingRules
{
    private readonly AccountProfile _profile;
    private readonly IReadOnlyList<(string Category, PolicyRule? Rule)> _decisions;

    /// <summary>Distinct, in the order of the file.</summary>
    private readonly IReadOnlyList<PolicyRule> _rules;

    private DecidingRules(AccountProfile profile, IReadOnlyList<(string Category, PolicyRule? Rule)> decisions)
    {
        _profile = profile;
        _decisions = decisions;
        var rules = decisions.Select(decision => decision.Rule).OfType<PolicyRule>().Distinct();
        _rules = [.. rules.OrderBy(rule => rule.Line)];
    }

    public static DecidingRules Of(Policy policy, AccountProfile profile, IReadOnlySet<string> categories)
        => new(profile, [.. CategoriesOf(categories).Select(category => (category, Find(policy, profile, category)))]);

    /// <summary>In a fixed order; "none" for an account that holds nothing.</summary>
    public static IEnumerable<string> CategoriesOf(IReadOnlySet<string> categories)
        => categories.Count == 0 ? [Category.None] : categories.Order(StringComparer.Ordinal);

    public Placement Place(IReadOnlyList<RegionFacts> regions, RegionName? current)
    {
        if (Unmatched() is { } unmatched)
        {
            return new Placement.Denied(null, unmatched);
        }

        var names = string.Join(", ", _rules.Select(rule => rule.Name));
        var permitted = Order([.. regions.Where(region => Objection(region) is null)]);
        if (permitted.Count == 0)
        {
            return new Placement.Denied(names, $"{Who()} {(_rules.Count == 1 ? "permits" : "together permit")} no "
                + "region of " + Words.List([.. regions.Select(region => region.Name)]));
        }

        // No needless moves: where it is is good enough.
        var home = permitted.FirstOrDefault(region => region.Name == current);
        var target = home ?? permitted[0];
        var why = home is null
            ? WhyPreferred(target, permitted.Count) : $"{target.Name} is permitted, and home already";
        return new Placement.Permitted(
            target.Name, home is not null, names, $"{Who()}: {why}", [.. permitted.Select(region => region.Name)]);
    }

    public Permission Judge(RegionFacts region)
        => (Unmatched() ?? Objection(region)) is { } objection
            ? new Permission.Refused(objection)
            : new Permission.Granted($"{Who()}: permits {region.Name}");

    /// <summary>
    /// Where no rule matches, the data may lie nowhere and so pass through nowhere, but its home still answers: a
    /// slip in
    /// the policy must not cut users off from their data.
    /// </summary>
    public TransitAnswer AnswerTransit(RegionFacts through)
    {
        if (_rules.FirstOrDefault(rule => rule.Transit == Transit.Refuse) is { } refusing)
        {
            return new TransitAnswer.Refuse($"rule '{refusing.Name}' lets requests in only at the account's home, "
                + $"not at {through.Name}");
        }

        var relays = Unmatched() is null
            && _rules.All(rule => rule.Transit == Transit.Forward || rule.Objection(through) is null);
        return relays ? new TransitAnswer.Relay() : new TransitAnswer.Redirect();
    }

    private static PolicyRule? Find(Policy policy, AccountProfile profile, string category)
        => policy.Rules.FirstOrDefault(rule => rule.When.Matches(profile, category));

    /// <summary>Null: a rule decides over every category.</summary>
    private string? Unmatched()
        => _decisions.FirstOrDefault(decision => decision.Rule is null).Category is { } category
            ? $"no rule matches residence {_profile.Residence}, {Words.Organisation(_profile.Organisation)}, "
                + $"{Words.Category(category)}; no match means denied"
            : null;

    private string? Objection(RegionFacts region)
        => _rules.Select(rule => rule.Objection(region)).FirstOrDefault(objection => objection is not null);

    private string Who()
        => string.Join(" and ", _rules.Select(rule =>
            rule.Because is null ? $"rule '{rule.Name}'" : $"rule '{rule.Name}' ({rule.Because})"));

    /// <summary>The first rule of the file that prefers something orders the regions; whatever it leaves open, the
    /// nearest first.</summary>
    private List<RegionFacts> Order(List<RegionFacts> permitted)
    {
        var order = new List<RegionFacts>();
        foreach (var place in Preferences().Append(new PreferredPlace(null)))
        {
            var chosen = permitted.Where(region => place.Region is null || region.Name == place.Region);
            List<RegionFacts> next = [.. chosen.Except(order).OrderBy(DistanceKm)];
            order.AddRange(next);
        }

        return order;
    }

    private IReadOnlyList<PreferredPlace> Preferences()
        => _rules.FirstOrDefault(rule => rule.Prefer.Count > 0)?.Prefer ?? [];

    private string WhyPreferred(RegionFacts target, int permittedCount)
    {
        if (permittedCount == 1)
        {
            return $"{target.Name} is the only permitted region";
        }

        var named = Preferences().TakeWhile(place => place.Region is not null)
            .Any(place => place.Region == target.Name);
        return named ? $"{target.Name} is the preferred one of {permittedCount} permitted regions"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{target.Name} is the nearest to {_profile.Residence} ({DistanceKm(target):N0} km) of "
                    + $"{permittedCount} permitted regions");
    }

    private double DistanceKm(RegionFacts region)
        => CountryMiddles.Of(_profile.Residence).DistanceKm(region.Coordinates ?? CountryMiddles.Of(region.Country));
}
