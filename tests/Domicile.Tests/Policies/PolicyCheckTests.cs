using Domicile.Policies;
using Xunit;
using static Domicile.Tests.Policies.Samples;

namespace Domicile.Tests.Policies;

/// <summary>What <c>policy check</c> and <c>policy explain</c> say.</summary>
public sealed class PolicyCheckTests
{
    [Fact]
    public void The_sample_policy_has_no_findings() => Assert.Empty(PolicyCheck.Run(Story, Regions));

    [Fact]
    public void A_rule_behind_one_that_covers_it_is_found()
    {
        var policy = Rules(
            "when: { residence: '*' }, allow: '*'",
            "when: { residence: [CN] }, allow: { countries: [CN] }");

        Assert.Equal("4: rule 'rule 2' never decides: what it is about is decided before by 'rule 1' (line 3)", Single(policy));
    }

    [Fact]
    public void A_rule_that_several_cover_together_is_found()
    {
        var policy = Rules(
            "when: { residence: [CN], category: [photos] }, allow: '*'",
            "when: { residence: [DE] }, allow: '*'",
            "when: { residence: [CN], category: [contacts] }, allow: '*'",
            "when: { residence: [CN, DE], category: [photos, contacts] }, allow: '*'",
            "when: { residence: '*' }, allow: '*'");

        Assert.Equal(
            "6: rule 'rule 4' never decides: what it is about is decided before by "
            + "'rule 1' (line 3), 'rule 2' (line 4), 'rule 3' (line 5)",
            Single(policy));
    }

    [Theory]
    [InlineData("when: { organisation: [army] }, allow: '*'", "when: { residence: '*' }, allow: '*'")]
    [InlineData("when: { category: [photos] }, allow: '*'", "when: { residence: '*' }, allow: '*'")]
    [InlineData("when: { residence: [CN], organisation: [army] }, allow: '*'", "when: {}, allow: '*'")]
    public void A_rule_that_still_decides_something_is_not_blamed(string first, string second)
        => Assert.Empty(PolicyCheck.Run(Rules(first, second), Regions));

    [Fact]
    public void Residences_that_no_rule_matches_are_found_by_category()
    {
        var policy = Rules("when: { category: [photos] }, allow: '*'");

        // 249 officially assigned codes: https://www.iso.org/iso-3166-country-codes.html
        Assert.Equal(
            "1: data without category: no rule matches 249 of 249 residences, which are denied: "
            + "AD, AE, AF, AG, AI, AL, AM, AO, AQ, AR and 239 more",
            Single(policy));
    }

    [Fact]
    public void Rules_without_a_region_and_countries_without_use_are_found()
    {
        var policy = Rules(
            "when: { residence: [FR] }, allow: { countries: [FR] }",
            "when: { residence: '*' }, avoid: { exposure: [RU] }");

        Assert.Equal(
            [
                "3: rule 'rule 1' permits no region of this deployment: what it is about is denied",
                "3: rule 'rule 1': allows FR, where this deployment has no region",
                "4: rule 'rule 2': avoids RU, to which no region of this deployment is exposed",
            ],
            Lines(policy));
    }

    [Fact]
    public void A_preference_for_a_region_that_the_rule_does_not_permit_is_found()
        => Assert.Equal(
            "3: rule 'rule 1': prefers beijing, which it doesn't permit",
            Single(Rules("when: {}, avoid: { exposure: [CN], by: location }, prefer: [beijing, singapore]")));

    [Fact]
    public void Keys_that_do_not_act_yet_and_odd_categories_are_said()
    {
        var policy = Rules(
            "when: { category: [photo] }, allow: '*', retain: 30d, coarsen: 1km, sealed: required, replicas: 1",
            "when: {}, allow: '*'");

        Assert.Equal(
            [
                "3: rule 'rule 1': category 'photo' is none of the known ones; did you mean 'photos'?",
                "3: rule 'rule 1': 'sealed' is kept but doesn't act yet",
                "3: rule 'rule 1': 'retain' is kept but doesn't act yet",
                "3: rule 'rule 1': 'coarsen' is kept but doesn't act yet",
                "3: rule 'rule 1': 'replicas' is kept but doesn't act yet",
            ],
            Lines(policy));
    }

    [Fact]
    public void An_explanation_says_which_rules_were_tried_and_why_each_region_suits_or_not()
    {
        var explanation = PolicyExplanation.Of(Story, Resident("IN"), Categories(), Regions, Beijing.Name);

        var category = Assert.Single(explanation.Categories);
        Assert.Equal(
            [
                new RuleTrial("China keeps its residents' data", 4, false, "residence IN is not in CN"),
                new RuleTrial("Everyone else leaves", 8, true, "matches"),
            ],
            category.Trials);
        Assert.Equal([false, true, true], explanation.Regions.Select(region => region.Permitted));
        Assert.Equal(
            "rule 'Everyone else leaves' avoids exposure to CN by location, operator, custodian; "
            + "beijing: its location is CN, its operator is CN, its custodian is CN",
            explanation.Regions[0].Reason);
    }

    private static string Single(Policy policy) => Assert.Single(Lines(policy));

    private static string[] Lines(Policy policy)
        => [.. PolicyCheck.Run(policy, Regions).Select(finding => $"{finding.Line}: {finding.Message}")];
}
