using Domicile.Accounts;
using Domicile.Deployments;
using Xunit;

namespace Domicile.Tests.Deployments;

/// <summary>Reading domicile.yaml: what is kept, and where what is wrong.</summary>
public sealed class ConfigTests
{
    private const string Facts =
        "country: SG, operator: { name: A, country: US }, owner: { name: B, country: CN }, custodian: { kind: local, country: SG }";

    [Fact]
    public void The_default_deployment_is_the_three_regions_of_the_story()
    {
        var config = Read(DefaultDeployment.ConfigText);

        Assert.Equal("demo", config.Name);
        Assert.Equal(["beijing", "singapore", "california"], config.Facts.Select(facts => facts.Name.Value));
        Assert.Equal(new Uri("http://127.0.0.1:9000"), config.Control.Listen);
        Assert.Equal(new Uri("http://127.0.0.1:9102"), config.Regions[1].Listen);
        Assert.Equal(new Uri("http://127.0.0.1:9102"), config.Regions[1].Endpoint);
        Assert.Equal(["CN", "SG", "US"], config.Facts[1].Exposure.Select(country => country.Code));
        Assert.Equal(new Party("China Telecom", Country.Parse("CN")), config.Facts[0].Operator);
        Assert.Equal(new CustodianFacts("local", Country.Parse("US")), config.Facts[2].Custodian);
        Assert.Equal(new Coordinates(37.4, -122.1), config.Facts[2].Coordinates);
        Assert.IsType<StoreConfig.Sqlite>(config.Control.Store);
        Assert.IsType<ContentsConfig.Files>(config.Regions[0].Contents);
        Assert.Equal(Path.GetFullPath("policy.yaml"), config.PolicyPath);
        Assert.False(config.Tls);
        Assert.Empty(config.CheckStart(new ProcessRole.Control()));
        Assert.Empty(config.CheckStart(new ProcessRole.Region(RegionName.Parse("beijing"))));
    }

    [Fact]
    public void Every_key_is_read()
    {
        var config = Read(
            """
            deployment: prod
            control:
              listen: https://10.0.0.1:443
              peer: https://10.0.0.1:8443
              management: http://[::1]:8080
              store: "postgres: Host=db;Password=${PG}"
              tokens: { anna: file:anna.token }
            regions:
              east:
                listen: https://0.0.0.0:444
                endpoint: https://s3.example.com
                peer: https://10.0.0.2:8443
                management: http://127.0.0.1:8080
                country: SG
                location: { lat: 1.35, lon: 103.8 }
                operator: { name: A, country: US }
                owner: { name: B, country: CN }
                custodian: { kind: local, country: SG }
                store: sqlite
                contents: { s3: { endpoint: http://ceph:7480, bucket: b, accessKey: a, secretKey: "${S3}" } }
                hosts: [S3.example.com, objects.example.com]
            policy: rules/policy.yaml
            """,
            "/etc/domicile/domicile.yaml");

        Assert.Equal("/etc/domicile/rules/policy.yaml", config.PolicyPath);
        Assert.Equal(new Uri("https://10.0.0.1:8443"), config.Control.Peer);
        Assert.Equal(new Uri("http://[::1]:8080"), config.Control.Management);
        Assert.IsType<StoreConfig.Postgres>(config.Control.Store);
        Assert.Equal(["anna"], config.Control.Tokens.Keys);
        var east = config.Regions[0];
        Assert.Equal(new Uri("https://s3.example.com"), east.Endpoint);
        Assert.Equal(["s3.example.com", "objects.example.com"], east.Hosts);
        var s3 = Assert.IsType<ContentsConfig.S3>(east.Contents);
        Assert.Equal((new Uri("http://ceph:7480"), "b"), (s3.Endpoint, s3.Bucket));
    }

    [Theory]
    [InlineData("contry: CN", "unknown key 'contry' in region 'beijing'; did you mean 'country'?")]
    [InlineData("country: China", "unknown country 'China' in region 'beijing'; write its ISO 3166-1 code of two capital letters")]
    [InlineData("country: UK", "unknown country 'UK' in region 'beijing'; did you mean 'GB'?")]
    [InlineData("owner: Example", "'owner' in region 'beijing' is keys and values, found a value")]
    [InlineData("owner: { name: Example }", "key 'country' is missing in region 'beijing''s owner")]
    [InlineData("custodian: { kind: kms, country: CN }", "unknown kind 'kms' in region 'beijing''s custodian; known: local")]
    [InlineData("listen: http://127.0.0.1:9000", "'listen' in region 'beijing' and 'listen' in control both use port 9000; give each its own")]
    [InlineData("listen: http://0.0.0.0:9000", "'listen' in region 'beijing' and 'listen' in control both use port 9000; give each its own")]
    [InlineData("listen: ftp://127.0.0.1:21", "'listen' in region 'beijing' is a URL with a port and no path, such as http://127.0.0.1:9101, found 'ftp://127.0.0.1:21'")]
    [InlineData("listen: http://127.0.0.1", "'listen' in region 'beijing' is a URL with a port and no path, such as http://127.0.0.1:9101, found 'http://127.0.0.1'")]
    [InlineData("listen: http://127.0.0.1:9101/s3", "'listen' in region 'beijing' is a URL with a port and no path, such as http://127.0.0.1:9101, found 'http://127.0.0.1:9101/s3'")]
    [InlineData("listen: 9101", "'listen' in region 'beijing' is a URL with a port and no path, such as http://127.0.0.1:9101, found '9101'")]
    [InlineData("listen: http://s3.example.com:80", "'listen' in region 'beijing' names localhost or an IP address of this machine; the name that clients use goes to 'endpoint' and 'hosts', found 'http://s3.example.com:80'")]
    [InlineData("peer: http://127.0.0.1:9201", "'peer' in region 'beijing' is https: the link between processes is encrypted and authenticated on both sides, found 'http://127.0.0.1:9201'")]
    [InlineData("management: https://127.0.0.1:9301", "'management' in region 'beijing' is http: health and metrics have no certificate, found 'https://127.0.0.1:9301'")]
    [InlineData("store: postgress", "'store' in region 'beijing' is sqlite or \"postgres: Host=…\"")]
    [InlineData("contents: tape", "'contents' in region 'beijing' is files or { s3: { endpoint, bucket, accessKey, secretKey } }")]
    [InlineData("contents: { s3: { endpoint: http://ceph, bucket: b, accessKey: a } }", "key 'secretKey' is missing in region 'beijing''s s3 contents")]
    [InlineData("location: { lat: 91, lon: 0 }", "'lat' in region 'beijing''s location is a number from -90 to 90, found '91'")]
    [InlineData("location: { lat: NaN, lon: 0 }", "'lat' in region 'beijing''s location is a number from -90 to 90, found 'NaN'")]
    [InlineData("hosts: ['*.example.com']", "'hosts' in region 'beijing' lists DNS names such as s3.example.com, found '*.example.com'")]
    public void What_is_wrong_in_a_region_is_said_with_its_line(string line, string message)
    {
        var key = line.Split(':')[0];
        string[] lines =
        [
            "listen: http://127.0.0.1:9101", "country: CN", "operator: { name: China Telecom, country: CN }",
            "owner: { name: Example, country: CN }", "custodian: { kind: local, country: CN }",
        ];
        var others = lines.Where(other => !other.StartsWith($"{key}:", StringComparison.Ordinal));
        var text = "deployment: demo\ncontrol: { listen: http://127.0.0.1:9000 }\npolicy: policy.yaml\n\nregions:\n  beijing:\n"
            + $"    {line}\n" + string.Concat(others.Select(other => $"    {other}\n"));

        Assert.Equal($"domicile.yaml:7: {message}", Assert.Single(Errors(text)));
    }

    [Theory]
    [InlineData("deployment: Demo", "'deployment' is a letter, then at most 39 more of a-z, 0-9 and '-', found 'Demo'")]
    [InlineData("deploiment: demo", "key 'deployment' is missing|unknown key 'deploiment'; did you mean 'deployment'?")]
    [InlineData("deployment: demo\ntls: yes", "'tls' is true or false, found 'yes'")]
    [InlineData("deployment: [demo]", "'deployment' is one value, found a list")]
    public void What_is_wrong_around_the_regions_is_said(string start, string messages)
    {
        var text = $"{start}\ncontrol: {{ listen: http://127.0.0.1:9000 }}\npolicy: policy.yaml\n"
            + $"regions:\n  a: {{ listen: http://127.0.0.1:9001, {Facts} }}\n";

        Assert.Equal(messages.Split('|'), Errors(text).Select(error => error[(error.IndexOf(": ", StringComparison.Ordinal) + 2)..]));
    }

    [Theory]
    [InlineData("control", "a region can't be called 'control': that word has a meaning of its own")]
    [InlineData("nearest", "a region can't be called 'nearest': that word has a meaning of its own")]
    [InlineData("../../etc", "a region's name is a letter, then at most 39 more of a-z, 0-9 and '-', found '../../etc'")]
    public void A_region_has_a_name_that_can_be_a_directory_and_a_word_of_policy(string name, string message)
        => Assert.Equal($"domicile.yaml:5: {message}", Assert.Single(Errors(OneRegion(name, "http://127.0.0.1:9001"))));

    [Fact]
    public void Two_regions_of_one_name_or_port_are_refused()
    {
        var first = OneRegion("a", "http://127.0.0.1:9001");

        Assert.Equal(
            "domicile.yaml:6: key 'a' is there twice",
            Assert.Single(Errors($"{first}  a: {{ listen: http://127.0.0.1:9002, {Facts} }}\n")));
        Assert.Equal(
            "domicile.yaml:6: 'listen' in region 'b' and 'listen' in region 'a' both use port 9001; give each its own",
            Assert.Single(Errors($"{first}  b: {{ listen: http://localhost:9001, {Facts} }}\n")));
        Assert.Equal(2, Read($"{first}  b: {{ listen: 'http://[::1]:9001', {Facts} }}\n").Regions.Count);
    }

    [Fact]
    public void Errors_never_repeat_what_may_be_a_secret()
    {
        var errors = Errors(OneRegion("a", "http://127.0.0.1:9001, store: 'postgresql://u:hunter2@db'"));

        Assert.DoesNotContain("hunter2", string.Join('\n', errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Stores_that_are_not_built_are_refused_only_where_they_start()
    {
        var config = Read(OneRegion(
            "a", "http://127.0.0.1:9001, store: 'postgres: Host=db', contents: { s3: { endpoint: http://c, bucket: b, accessKey: k, secretKey: s } }"));

        Assert.Empty(config.CheckStart(new ProcessRole.Control()));
        Assert.Equal(
            [
                "domicile.yaml:5: store: postgres is not built yet; use sqlite",
                "domicile.yaml:5: contents: s3 is not built yet; use files",
            ],
            config.CheckStart(new ProcessRole.Region(RegionName.Parse("a"))).Select(error => error.ToString()));
    }

    [Fact]
    public void Secrets_come_from_the_text_the_environment_or_a_file()
    {
        using var scratch = new ScratchDirectory();
        scratch.Write("b.token", "from file\n");
        Environment.SetEnvironmentVariable("DOMICILE_TEST_TOKEN", "from environment");
        var config = Read(
            OneRegion("a", "http://127.0.0.1:9001").Replace(
                "9000 }", "9000, tokens: { a: 'x${DOMICILE_TEST_TOKEN}y', b: file:b.token, c: plain, d: '${DOMICILE_TEST_NONE}', e: file:none } }",
                StringComparison.Ordinal),
            Path.Combine(scratch.Path, "domicile.yaml"));

        var known = config.Control.Tokens.Values.Take(3).Select(secret => Assert.IsType<SecretResult.Known>(secret.Read()).Value);
        Assert.Equal(["xfrom environmenty", "from file", "plain"], known);
        var errors = config.CheckStart(new ProcessRole.Control()).Select(error => error.Message).ToList();
        Assert.Equal(
            "'d in control's tokens' can't be read: environment variable DOMICILE_TEST_NONE is not set; set it, or write file:PATH",
            errors[3]);
        Assert.StartsWith($"'e in control's tokens' can't be read: file '{scratch.Path}/none': ", errors[4], StringComparison.Ordinal);

        // These three are read, and none of them will do.
        Assert.StartsWith("'a in control's tokens' has characters that no header carries", errors[0], StringComparison.Ordinal);
        Assert.StartsWith("'b in control's tokens' has characters", errors[1], StringComparison.Ordinal);
        Assert.StartsWith("'c in control's tokens' can be guessed", errors[2], StringComparison.Ordinal);
        Assert.DoesNotContain("plain", string.Concat(errors), StringComparison.Ordinal);
        Assert.DoesNotContain("plain", config.Control.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_that_can_be_guessed_keeps_control_from_starting_and_no_region()
    {
        var config = Read(
            OneRegion("a", "http://127.0.0.1:9001").Replace("9000 }", "9000, tokens: { anna: x } }", StringComparison.Ordinal));

        Assert.Contains("'anna in control's tokens' can be guessed", Assert.Single(config.CheckStart(new ProcessRole.Control())).Message, StringComparison.Ordinal);
        Assert.Empty(config.CheckStart(new ProcessRole.Region(RegionName.Parse("a"))));
    }

    [Fact]
    public void Tls_makes_every_endpoint_https()
    {
        var text = OneRegion("a", "http://0.0.0.0:9001");

        Assert.All([Read($"tls: true\n{text}"), Read(text).WithTls()], config =>
        {
            Assert.True(config.Tls);
            Assert.Equal(new Uri("https://127.0.0.1:9000"), config.Control.Listen);
            Assert.Equal(new Uri("https://0.0.0.0:9001"), config.Regions[0].Listen);
            Assert.Equal(new Uri("https://localhost:9001"), config.Regions[0].Endpoint);
        });
    }

    [Fact]
    public void A_missing_file_is_an_error_and_not_a_crash()
    {
        var invalid = Assert.IsType<ConfigResult.Invalid>(DeploymentConfig.Load("/nonexistent/domicile.yaml"));
        Assert.StartsWith("/nonexistent/domicile.yaml:1: can't read the file: ", invalid.Errors[0].ToString(), StringComparison.Ordinal);
    }

    private static string OneRegion(string name, string listen)
        => "deployment: demo\ncontrol: { listen: http://127.0.0.1:9000 }\npolicy: policy.yaml\nregions:\n"
            + $"  {name}: {{ listen: {listen}, {Facts} }}\n";

    private static DeploymentConfig Read(string text, string file = "domicile.yaml")
        => DeploymentConfig.Parse(text, file) switch
        {
            ConfigResult.Ok ok => ok.Config,
            ConfigResult.Invalid invalid => throw new Xunit.Sdk.XunitException(string.Join('\n', invalid.Errors)),
            _ => throw new Xunit.Sdk.XunitException("no result"),
        };

    private static string[] Errors(string text)
        => [.. Assert.IsType<ConfigResult.Invalid>(DeploymentConfig.Parse(text, "domicile.yaml")).Errors.Select(error => error.ToString())];
}
