using Domicile.Accounts;
using Domicile.Policies;
using Xunit;
using static Domicile.Tests.Policies.Samples;

namespace Domicile.Tests.Policies;

/// <summary>Where accounts belong. The expected regions are what the story's policy says in words.</summary>
public sealed class PlacementTests
{
    [Theory]
    [InlineData("CN", "beijing")]
    [InlineData("IN", "singapore")]
    [InlineData("SG", "singapore")]
    [InlineData("DE", "california")]
    [InlineData("US", "california")]
    public void Everyone_outside_China_leaves_Beijing_for_the_nearest_region(string residence, string home)
    {
        var placement = Assert.IsType<Placement.Permitted>(
            Story.Place(Resident(residence), Categories(), Regions, current: Beijing.Name));

        Assert.Equal(home, placement.Target.Value);
        Assert.Equal(home == "beijing", placement.InPlace);
        Assert.Equal(residence == "CN" ? "China keeps its residents' data" : "Everyone else leaves", placement.Rule);
    }

    [Fact]
    public void The_owner_does_not_count_where_by_leaves_it_out()
    {
        // Every region of the story is owned from CN; by: [location, operator, custodian].
        Assert.IsType<Permission.Granted>(Story.Permits(Resident("DE"), Categories(), Singapore));

        var strict = Rules("when: { residence: '*' }, avoid: { exposure: [CN] }");
        var refused = Assert.IsType<Permission.Refused>(strict.Permits(Resident("DE"), Categories(), Singapore));
        Assert.Contains("its owner is CN", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_account_stays_where_it_is_permitted_even_if_another_region_is_nearer()
    {
        var placement = Assert.IsType<Placement.Permitted>(
            Story.Place(Resident("IN"), Categories(), Regions, current: California.Name));

        Assert.Equal(California.Name, placement.Target);
        Assert.True(placement.InPlace);
        Assert.Equal([Singapore.Name, California.Name], placement.PermittedRegions);
    }

    [Fact]
    public void The_reason_names_rule_law_and_why_this_region()
    {
        Assert.Equal(
            "rule 'China keeps its residents' data' (PIPL art. 40): beijing is the only permitted region",
            Story.Placed(Resident("CN")).Reason);
        Assert.StartsWith(
            "rule 'Everyone else leaves': singapore is the nearest to IN (", Story.Placed(Resident("IN")).Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_rule_that_matches_decides()
    {
        var policy = Rules(
            "when: { organisation: [army] }, allow: { regions: [singapore] }",
            "when: { residence: [IN] }, allow: { regions: [california] }",
            "when: { residence: '*' }, allow: { regions: [beijing] }");

        Assert.Equal("singapore", policy.Placed(Resident("IN", "army")).Target.Value);
        Assert.Equal("california", policy.Placed(Resident("IN", "navy")).Target.Value);
        Assert.Equal("beijing", policy.Placed(Resident("DE")).Target.Value);
    }

    [Fact]
    public void Without_a_matching_rule_an_account_is_denied()
    {
        var policy = Rules("when: { residence: [CN] }, allow: '*'");

        var denied = Assert.IsType<Placement.Denied>(policy.Place(Resident("BR"), Categories(), Regions, null));
        Assert.Null(denied.Rule);
        Assert.Equal(
            "no rule matches residence BR, an account without organisation, data without category; no match means denied",
            denied.Reason);
    }

    [Fact]
    public void An_account_is_placed_where_all_of_its_categories_may_lie()
    {
        var policy = Rules(
            "when: { category: [photos] }, allow: { regions: [beijing, singapore] }",
            "when: { category: [contacts] }, allow: { regions: [singapore, california] }",
            "when: { category: [location] }, allow: { regions: [california] }");

        Assert.Equal([Singapore.Name], policy.Placed(Resident("US"), "photos", "contacts").PermittedRegions);
        var denied = Assert.IsType<Placement.Denied>(
            policy.Place(Resident("US"), Categories("photos", "location"), Regions, null));
        Assert.Equal("rule 1, rule 3", denied.Rule);
    }

    [Fact]
    public void Data_without_category_is_matched_only_by_rules_that_name_none()
    {
        var policy = Rules(
            "when: { category: [photos] }, allow: { regions: [beijing] }",
            "when: { residence: '*' }, allow: { regions: [singapore] }");

        Assert.Equal("singapore", policy.Placed(Resident("US")).Target.Value);
        Assert.Equal("beijing", policy.Placed(Resident("US"), "photos").Target.Value);
        Assert.IsType<Placement.Denied>(
            policy.Place(Resident("US"), Categories("photos", Category.None), Regions, null));
    }

    [Theory]
    [InlineData("prefer: [california, nearest]", "california", "beijing", "singapore")]
    [InlineData("prefer: [nearest]", "beijing", "singapore", "california")]
    [InlineData("prefer: singapore", "singapore", "beijing", "california")]
    [InlineData("replicas: 0", "beijing", "singapore", "california")]
    public void Preference_orders_the_permitted_regions(string prefer, params string[] order)
    {
        var policy = Rules($"when: {{ residence: [CN] }}, allow: '*', {prefer}");

        Assert.Equal(order, policy.Placed(Resident("CN")).PermittedRegions.Select(region => region.Value));
    }

    [Fact]
    public void Coordinates_of_a_region_win_over_the_middle_of_its_country()
    {
        // From New Zealand: India 12,000 km, the middle of the USA 13,000, Honolulu 7,500.
        var hawaii = California with { Coordinates = new Coordinates(21.3, -157.9) };
        var india = Region("india", "IN", "IN", "IN", "IN");
        var newZealander = Resident("NZ");
        var policy = Rules("when: { residence: '*' }, allow: '*'");

        var byCountry = policy.Place(newZealander, Categories(), [California, india], null);
        var byPlace = policy.Place(newZealander, Categories(), [hawaii, india], null);

        Assert.Equal("india", Assert.IsType<Placement.Permitted>(byCountry).Target.Value);
        Assert.Equal("california", Assert.IsType<Placement.Permitted>(byPlace).Target.Value);
    }

    [Fact]
    public void Distances_agree_with_published_great_circles()
    {
        // London Heathrow to New York Kennedy: 5,540 km (Great Circle Mapper, on the ellipsoid 5,554).
        var heathrow = new Coordinates(51.4706, -0.461941);
        var kennedy = new Coordinates(40.639751, -73.778925);

        Assert.InRange(heathrow.DistanceKm(kennedy), 5510, 5570);
        Assert.InRange(new Coordinates(0, 179).DistanceKm(new Coordinates(0, -179)), 222, 223);
        Assert.Equal(0, heathrow.DistanceKm(heathrow));
    }

    [Fact]
    public void Every_country_has_a_middle()
        => Assert.All(
            IsoCountries.Codes,
            code => Assert.InRange(CountryMiddles.Of(Country.Parse(code)).Latitude, -90, 90));

    [Theory]
    [InlineData(null, "IN", "redirect", "relay", "relay")]
    [InlineData("forward", "IN", "relay", "relay", "relay")]
    [InlineData("refuse", "IN", "refuse", "refuse", "refuse")]
    [InlineData(null, "BR", "redirect", "redirect", "redirect")]
    public void Requests_pass_through_a_region_as_the_rule_says(
        string? transit, string residence, string beijing, string singapore, string california)
    {
        var policy = Rules(
            $"when: {{ residence: [IN] }}, allow: {{ countries: [SG, US] }}{(transit is null ? "" : $", transit: {transit}")}");

        var answers = Regions.Select(region => policy.AnswerTransit(Resident(residence), Categories(), region));

        string[] expected = [beijing, singapore, california];
        Assert.Equal(expected, answers.Select(answer => answer.GetType().Name.ToLowerInvariant()));
    }

    [Fact]
    public void The_strictest_category_decides_over_transit()
    {
        var policy = Rules(
            "when: { category: [photos] }, allow: '*'",
            "when: { category: [messages] }, allow: { countries: [SG] }",
            "when: { category: [location] }, allow: '*', transit: refuse");

        var user = Resident("IN");
        Assert.IsType<TransitAnswer.Relay>(policy.AnswerTransit(user, Categories("photos"), Beijing));
        Assert.IsType<TransitAnswer.Redirect>(policy.AnswerTransit(user, Categories("photos", "messages"), Beijing));
        var refuse = policy.AnswerTransit(user, Categories("photos", "messages", "location"), Beijing);
        Assert.Contains("rule 3", Assert.IsType<TransitAnswer.Refuse>(refuse).Reason, StringComparison.Ordinal);
    }
}
