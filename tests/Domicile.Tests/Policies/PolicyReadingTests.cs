using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Policies;
using Xunit;
using static Domicile.Tests.Policies.Samples;

namespace Domicile.Tests.Policies;

/// <summary>Reading policy.yaml: what is kept, and where what is wrong.</summary>
public sealed class PolicyReadingTests
{
    private static readonly RegionName[] Known = [Beijing.Name, Singapore.Name, California.Name];

    [Fact]
    public void Every_key_of_a_rule_is_read()
    {
        var rule = Read(
            """
            version: 1
            rules:
              - name: Soldiers
                when: { residence: [IN, "NO"], organisation: Air Force, category: [location, photos] }
                allow: { regions: [singapore], countries: US }
                avoid: { exposure: CN, by: [owner] }
                prefer: [singapore, nearest]
                because: "order 7"
                sealed: required
                transit: refuse
                retain: 36h
                coarsen: 1.5km
                replicas: 2
            """).Rules[0];

        Assert.Equal(("Soldiers", 3, "order 7"), (rule.Name, rule.Line, rule.Because));
        Assert.Equal(["IN", "NO"], rule.When.Residences!.Select(country => country.Code).Order());
        Assert.Equal(["Air Force"], rule.When.Organisations!);
        Assert.Equal(["location", "photos"], rule.When.Categories!.Order());
        Assert.Equal([Singapore.Name], rule.Allow!.Regions);
        Assert.Equal([Country.Parse("US")], rule.Allow.Countries);
        Assert.Equal([ExposureFact.Owner], rule.Avoid!.By);
        Assert.Equal([new PreferredPlace(Singapore.Name), new PreferredPlace(null)], rule.Prefer);
        Assert.Equal((true, Transit.Refuse, TimeSpan.FromHours(36), 1500.0, 2),
            (rule.SealedRequired, rule.Transit, rule.Retain, rule.CoarsenMetres, rule.Replicas));
    }

    [Theory]
    [InlineData("when: { residance: [CN] }, allow: '*'",
        "unknown key 'residance' in 'when' of rule 'rule 1'; did you mean 'residence'?")]
    [InlineData("when: { residence: [UK] }, allow: '*'",
        "unknown country 'UK' in 'when' of rule 'rule 1'; did you mean 'GB'?")]
    [InlineData("when: { residence: [de] }, allow: '*'",
        "unknown country 'de' in 'when' of rule 'rule 1'; did you mean 'DE'?")]
    [InlineData("when: { residence: [XX] }, allow: '*'",
        "unknown country 'XX' in 'when' of rule 'rule 1'; write its ISO 3166-1 code of two capital letters")]
    [InlineData("when: {}, allow: { regions: [singapur] }",
        "unknown region 'singapur' in 'allow' of rule 'rule 1'; did you mean 'singapore'?")]
    [InlineData("when: {}, allow: '*', prefer: [nearst]",
        "unknown region 'nearst' in rule 'rule 1'; did you mean 'nearest'?")]
    [InlineData("when: {}, avoid: { exposure: [CN], by: [operater] }",
        "unknown fact 'operater' in 'avoid' of rule 'rule 1'; did you mean 'operator'?")]
    [InlineData("when: {}, avoid: { by: [owner] }", "key 'exposure' is missing in 'avoid' of rule 'rule 1'")]
    [InlineData("when: {}, allow: {}", "'allow' in rule 'rule 1' names no regions and no countries")]
    [InlineData("when: {}, allow: everywhere",
        "'allow' in rule 'rule 1' is { regions: [...] }, { countries: [...] } or \"*\", found a value")]
    [InlineData("when: {}, prefer: nearest",
        "rule 'rule 1' neither allows nor avoids anything; write allow: \"*\" if it permits every region")]
    [InlineData("allow: '*'", "key 'when' is missing in rule 'rule 1'")]
    [InlineData("when: {}, allow: '*', alow: '*'", "unknown key 'alow' in rule 'rule 1'; did you mean 'allow'?")]
    [InlineData("when: {}, allow: '*', transit: forwards",
        "unknown value 'forwards' of 'transit' in rule 'rule 1'; did you mean 'forward'?")]
    [InlineData("when: {}, allow: '*', sealed: yes", "unknown value 'yes' of 'sealed' in rule 'rule 1'; known: required")]
    [InlineData("when: {}, allow: '*', retain: 30", "'retain' in rule 'rule 1' is a time such as 30d or 12h, found '30'")]
    [InlineData("when: {}, allow: '*', retain: 0d", "'retain' in rule 'rule 1' is more than nothing and at most 36500d, found '0d'")]
    [InlineData("when: {}, allow: '*', coarsen: 1mile", "'coarsen' in rule 'rule 1' is a distance such as 1km or 500m, found '1mile'")]
    [InlineData("when: {}, allow: '*', replicas: 11", "'replicas' in rule 'rule 1' is a number from 0 to 10, found '11'")]
    [InlineData("when: {}, allow: '*', replicas: 1.5", "'replicas' in rule 'rule 1' is a whole number")]
    [InlineData("when: { category: [Photos] }, allow: '*'",
        "a category in 'when' of rule 'rule 1' is a letter, then at most 62 more of a-z, 0-9 and '-', found 'Photos'")]
    [InlineData("when: { residence: [] }, allow: '*'", "'residence' in 'when' of rule 'rule 1' lists 1 to 1000 values, found 0")]
    public void What_is_wrong_in_a_rule_is_said_with_its_line(string rule, string message)
        => Assert.Equal(
            $"policy.yaml:4: {message}", Assert.Single(Errors($"version: 1\n\nrules:\n  - {{ name: rule 1, {rule} }}\n")));

    [Theory]
    [InlineData("", "policy.yaml:1: the file is empty")]
    [InlineData("version: 2\nrules:\n  - { name: a, when: {}, allow: '*' }",
        "policy.yaml:1: unknown version '2'; this program reads version 1")]
    [InlineData("rules:\n  - { name: a, when: {}, allow: '*' }", "policy.yaml:1: key 'version' is missing")]
    [InlineData("version: 1\nrules: []", "policy.yaml:2: 'rules' lists 1 to 1000 rules")]
    [InlineData("version: 1\nrule: 1\nrules:\n  - { name: a, when: {}, allow: '*' }",
        "policy.yaml:2: unknown key 'rule'; did you mean 'rules'?")]
    [InlineData("version: 1\nrules:\n  - when: {}\n    allow: '*'",
        "policy.yaml:3: rule 1 has no name: 'name' is one line of at most 200 characters")]
    [InlineData("version: 1\nrules:\n  - { name: a, when: {}, allow: '*' }\n  - { name: a, when: {}, allow: '*' }",
        "policy.yaml:4: two rules are called 'a', the other in line 3; receipts name rules")]
    [InlineData("version: 1\nversion: 1\nrules: []", "policy.yaml:2: key 'version' is there twice")]
    [InlineData("version: 1\nrules: &a [*a]",
        "policy.yaml:2: anchors and aliases (& and *) are not supported; a lone * is written \"*\"")]
    [InlineData("version: !x 1", "policy.yaml:1: tags (!) are not supported")]
    [InlineData("version: 1\n---\nversion: 1", "policy.yaml:2: a second document begins here; one file holds one document")]
    [InlineData("[1]", "policy.yaml:1: expected keys and values, found a list")]
    public void What_is_wrong_around_the_rules_is_said_with_its_line(string text, string error)
        => Assert.Equal(error, Assert.Single(Errors(text)));

    [Fact]
    public void Text_that_is_no_YAML_is_an_error_at_its_line()
        => Assert.StartsWith(
            "policy.yaml:3: not valid YAML: ", Assert.Single(Errors("version: 1\nrules:\n  - }\n")), StringComparison.Ordinal);

    [Fact]
    public void All_errors_are_said_at_once_in_the_order_of_their_lines()
    {
        var errors = Errors("version: 3\nrules:\n  - name: a\n    when: { residence: [ZZ] }\n    alow: '*'\n");

        Assert.Equal([1, 3, 4, 5], errors.Select(error => int.Parse(error.Split(':')[1], null)));
    }

    [Fact]
    public void Deep_and_long_texts_are_refused()
    {
        var deep = Assert.Single(Errors(string.Concat(Enumerable.Repeat("[", 100_000))));
        Assert.Equal("policy.yaml:1: more than 8 levels deep", deep);

        var many = Assert.Single(Errors("version: [" + string.Concat(Enumerable.Repeat("1,", 60_000)) + "]"));
        Assert.Equal("policy.yaml:1: more than 50000 nodes", many);

        var @long = Assert.Single(Errors("#" + new string('x', 300_000)));
        Assert.Equal("policy.yaml:1: longer than 256 Ki characters", @long);
    }

    [Fact]
    public void Regions_are_checked_only_against_a_known_deployment()
    {
        const string Text = "version: 1\nrules:\n  - { name: a, when: {}, allow: { regions: [mars] } }\n";

        Assert.IsType<PolicyResult.Ok>(Policy.Parse(Text, "policy.yaml"));
        Assert.IsType<PolicyResult.Invalid>(Policy.Parse(Text, "policy.yaml", Known));
    }

    [Fact]
    public void A_policy_goes_to_the_regions_as_its_text_and_comes_out_the_same()
    {
        var policy = Story with { Revision = 7 };

        var document = PolicyDocument.Of(policy);
        var read = Assert.IsType<PolicyResult.Ok>(document.Read()).Policy;

        Assert.Equal((7, policy.Text, policy.Sha256), (read.Revision, read.Text, read.Sha256));
        Assert.Equal(policy.Rules.Select(rule => rule.Name), read.Rules.Select(rule => rule.Name));
        Assert.IsType<PolicyResult.Invalid>((document with { Text = document.Text + "#" }).Read());
    }

    [Fact]
    public void The_hash_is_that_of_the_file()
    {
        // printf 'version: 1\nrules:\n- {name: é, when: {}, allow: "*"}\n' | sha256sum
        const string Text = "version: 1\nrules:\n- {name: é, when: {}, allow: \"*\"}\n";

        Assert.Equal("88f54da2b2489dff032fab9a6e0580cec964f4e02ecc4d576fba87b94fa0c630", Read(Text).Sha256);
    }

    [Fact]
    public void A_file_that_is_not_there_or_no_text_is_an_error_and_not_a_crash()
    {
        var missing = Assert.IsType<PolicyResult.Invalid>(Policy.Load("/nonexistent/policy.yaml"));
        Assert.StartsWith("/nonexistent/policy.yaml:1: can't read the file: ", missing.Errors[0].ToString(), StringComparison.Ordinal);

        using var scratch = new Deployments.ScratchDirectory();
        var path = scratch.Write("policy.yaml", [0xFF, 0xFE, 0x41]);
        Assert.Equal("the file is not UTF-8 text", Assert.IsType<PolicyResult.Invalid>(Policy.Load(path)).Errors[0].Message);
    }

    [Fact]
    public void The_sample_policy_is_read_with_the_sample_regions()
        => Assert.IsType<PolicyResult.Ok>(Policy.Parse(DefaultDeployment.PolicyText, "policy.yaml", Known));

    private static string[] Errors(string text)
        => [.. Assert.IsType<PolicyResult.Invalid>(Policy.Parse(text, "policy.yaml", Known)).Errors.Select(error => error.ToString())];
}
