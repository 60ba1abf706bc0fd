using Domicile.Accounts;
using Domicile.Policies;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static Domicile.Tests.Policies.Samples;

namespace Domicile.Tests.Policies;

/// <summary>What holds for every policy, account and set of regions.</summary>
public sealed class PolicyProperties
{
    private static readonly string[] Countries = ["CN", "SG", "US", "DE"];
    private static readonly string[] Names = ["photos", "contacts", "messages"];

    private static readonly Gen<string[]> SomeCountries = Gen.Elements(Countries).NonEmptyListOf().Select(list => list.Distinct().ToArray());

    private static readonly Gen<RegionFacts[]> SomeRegions =
        from facts in Gen.Elements(Countries).ArrayOf(4).ArrayOf(5)
        select facts.Select((f, n) => Region($"r{n}", f[0], f[1], f[2], f[3])).ToArray();

    private static readonly Gen<string> SomeWhen =
        from residences in SomeCountries
        from category in Gen.Elements(Names)
        from kind in Gen.Choose(0, 2)
        select kind switch
        {
            0 => $"when: {{ residence: [{string.Join(",", residences)}] }}",
            1 => $"when: {{ category: {category} }}",
            _ => $"when: {{ residence: [{string.Join(",", residences)}], category: {category} }}",
        };

    private static readonly Gen<string> SomePlaces =
        from countries in SomeCountries
        from facts in Gen.Elements("location", "operator", "owner", "custodian").NonEmptyListOf()
        from kind in Gen.Choose(0, 2)
        let allow = $"allow: {{ countries: [{string.Join(",", countries)}] }}"
        let avoid = $"avoid: {{ exposure: [{countries[0]}], by: [{string.Join(",", facts.Distinct())}] }}"
        select kind switch { 0 => allow, 1 => avoid, _ => $"{allow}, {avoid}" };

    private static readonly Gen<string> SomeRule = SomeWhen.Zip(SomePlaces, (when, places) => $"{when}, {places}");

    private static readonly Gen<Case> SomeCase =
        from rules in SomeRule.NonEmptyListOf()
        from regions in SomeRegions
        from residence in Gen.Elements(Countries)
        from categories in Gen.SubListOf(Names)
        from current in Gen.Choose(-1, regions.Length - 1)
        select new Case(
            [.. rules.Take(6)], regions, Resident(residence), [.. categories], current < 0 ? null : regions[current].Name);

    [Fact]
    public void A_target_is_permitted_for_every_category_alone()
        => Hold(one => one.Place() is not Placement.Permitted permitted || one.EachCategory().All(category =>
            one.Policy.Permits(one.Profile, category, one.Find(permitted.Target)) is Permission.Granted));

    [Fact]
    public void The_permitted_regions_are_those_that_Permits_grants()
        => Hold(one =>
        {
            var granted = one.Regions
                .Where(region => one.Policy.Permits(one.Profile, one.Categories, region) is Permission.Granted)
                .Select(region => region.Name).ToHashSet();
            return one.Place() is Placement.Permitted permitted
                ? granted.SetEquals(permitted.PermittedRegions) : granted.Count == 0;
        });

    [Fact]
    public void An_account_moves_only_if_its_home_is_not_permitted()
        => Hold(one => one.Place() is not Placement.Permitted permitted
            || permitted.InPlace == (permitted.Target == one.Current)
            && (permitted.InPlace || one.Current is not { } home || !permitted.PermittedRegions.Contains(home)));

    [Fact]
    public void Rules_after_the_ones_that_decide_change_nothing()
        => Hold(one =>
        {
            var denied = one.Place() is Placement.Denied { Rule: null };
            return denied || Same(one.Place(), (one with { Rules = [.. one.Rules, one.Rules[0]] }).Place());
        });

    [Fact]
    public void Another_rule_in_front_that_permits_nothing_denies_what_it_matches()
        => Hold(one =>
        {
            var closed = "when: { residence: '*' }, allow: { regions: [nowhere] }";
            return (one with { Rules = [closed, .. one.Rules] }).Place() is Placement.Denied;
        });

    [Fact]
    public void Nothing_avoided_is_among_the_facts_that_count()
        => Hold(one =>
        {
            var rule = "when: { residence: '*' }, avoid: { exposure: [CN, DE], by: [operator, custodian] }";
            return (one with { Rules = [rule] }).Place() is not Placement.Permitted permitted
                || permitted.PermittedRegions.Select(one.Find).All(region =>
                    region.Operator.Country.Code is "SG" or "US" && region.Custodian.Country.Code is "SG" or "US");
        });

    [Fact]
    public void Content_is_relayed_only_through_permitted_regions_by_default()
        => Hold(one => one.Regions.All(region =>
            one.Policy.AnswerTransit(one.Profile, one.Categories, region) is TransitAnswer.Relay
            == one.Policy.Permits(one.Profile, one.Categories, region) is Permission.Granted));

    [Fact]
    public void The_explanation_agrees_with_the_decision()
        => Hold(one =>
        {
            var explanation = PolicyExplanation.Of(one.Policy, one.Profile, one.Categories, one.Regions, one.Current);
            var permitted = explanation.Regions.Where(region => region.Permitted).Select(region => region.Region);
            return Same(explanation.Placement, one.Place())
                && explanation.Categories.All(category => category.Trials.Count(trial => trial.Matched) == (category.Rule is null ? 0 : 1))
                && (one.Place() as Placement.Permitted)?.PermittedRegions.ToHashSet().SetEquals(permitted) != false;
        });

    [Fact]
    public void A_rule_said_to_never_decide_never_decides()
        => Hold(one =>
        {
            var shadowed = one.Policy.Rules.Where((_, n) => RuleShadow.Find(one.Policy.Rules, n).Count > 0).ToHashSet();
            return shadowed.All(rule => Countries.All(residence => Names.Append(Category.None).All(category =>
                one.Policy.Rules.FirstOrDefault(other => other.When.Mismatch(Resident(residence), category) is null) != rule)));
        });

    [Fact]
    public void No_text_makes_reading_a_policy_throw()
    {
        var pieces = Gen.Elements(
            "version: 1\n", "rules:", "\n", "  ", "- ", "{", "}", "[", "]", ": ", ", ", "when", "residence", "\"", "'", "*", "&a ", "!x ",
            "|", ">", "%YAML 1.2\n", "---", "...", "\t", "\0", "\uD800", "\uFEFF", "\\u", "\"\\uD800\"", "CN", "name: x", "allow: '*'", "#", "@", "? ");
        var text = pieces.ListOf().Select(list => string.Concat(list));

        Prop.ForAll(text.ToArbitrary(), one => Policy.Parse(one, "p") is PolicyResult.Ok or PolicyResult.Invalid { Errors.Count: > 0 })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    private static bool Same(Placement one, Placement other) => Show(one) == Show(other);

    private static string Show(Placement placement) => placement switch
    {
        Placement.Permitted permitted => $"{permitted} {string.Join(",", permitted.PermittedRegions)}",
        _ => placement.ToString()!,
    };

    private static void Hold(Func<Case, bool> property)
        => Prop.ForAll(SomeCase.ToArbitrary(), property).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    private sealed record Case(
        string[] Rules, RegionFacts[] Regions, AccountProfile Profile, HashSet<string> Categories, RegionName? Current)
    {
        public Policy Policy => Samples.Rules(Rules);

        public Placement Place() => Policy.Place(Profile, Categories, Regions, Current);

        public IEnumerable<HashSet<string>> EachCategory() => Categories.Select(category => new HashSet<string> { category });

        public RegionFacts Find(RegionName name) => Regions.Single(region => region.Name == name);

        public override string ToString()
            => $"{Policy.Text}{string.Join("\n", Regions.Select(region => region.ToString()))}\n{Profile} "
                + $"[{string.Join(",", Categories)}] at {Current}";
    }
}
