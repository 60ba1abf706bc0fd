using System.Text.Json;
using Domicile.Cli;
using Xunit;

namespace Domicile.Tests.Cli;

/// <summary>What the shell sees: exit codes, which stream, how many lines, and whether the line helps.</summary>
public sealed class CommandLineTests : IDisposable
{
    private const string Account = "abcdefghijklmnop";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("domicile-cli-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("mvoe", "'move'")]
    [InlineData("stauts", "'status'")]
    [InlineData("plna", "'plan'")]
    [InlineData("acount", "'account'")]
    public async Task A_misspelt_verb_is_a_usage_error_that_names_the_nearest(string word, string nearest)
    {
        var run = await CliRun.Of(word);

        Assert.Equal(2, run.Code);
        Assert.Contains(nearest, Assert.Single(run.ErrorLines));
        Assert.Contains("--help", run.Error);
        Assert.Empty(run.Out);
    }

    [Theory]
    [InlineData("move", Account)]
    [InlineData("move", "Not-An-Id", "--to", "singapore")]
    [InlineData("move", Account, "--to", "Singapore!")]
    [InlineData("move", Account, "--to", "singapore", "--erase-after", "soon")]
    [InlineData("account")]
    [InlineData("account", "add")]
    [InlineData("account", "add", "--residence", "XX")]
    [InlineData("account", "add", "--residence", "IN", "--regoin", "beijing")]
    [InlineData("apply", "--at-once", "0")]
    [InlineData("moves", "list", "--limit", "-3")]
    [InlineData("apply", "--at-once", "99999999999")]
    [InlineData("plan", "--at-once", "x")]
    [InlineData("moves", "show", "17")]
    [InlineData("ledger", "show", "-1")]
    [InlineData("verify")]
    [InlineData("verify", "--account", Account)]
    [InlineData("verify", "receipt.json", "--account", Account, "--deep")]
    [InlineData("key", "revoke", "AKIAIOSFODNN7EXAMPLE")]
    [InlineData("completion", "tcsh")]
    [InlineData("serve", "--role", "king", "--config", "domicile.yaml")]
    [InlineData("demo", "--accounts", "1")]
    [InlineData("demo", "--accounts", "ten")]
    [InlineData("status", "extra")]
    [InlineData("status", "@somefile")]
    public async Task A_wrong_command_line_is_one_line_on_stderr_and_exit_2(params string[] args)
    {
        var run = await CliRun.Of(args);

        Assert.Equal(2, run.Code);
        Assert.StartsWith("domicile: ", Assert.Single(run.ErrorLines));
        Assert.Empty(run.Out);
    }

    [Fact]
    public async Task A_misspelt_option_names_the_nearest()
        => Assert.Contains("'--region'", (await CliRun.Of("account", "add", "--residence", "IN", "--regoin", "x")).Error);

    [Theory]
    [InlineData("account", "list")]
    [InlineData("where", Account)]
    [InlineData("plan")]
    [InlineData("apply")]
    [InlineData("moves", "list")]
    [InlineData("doctor")]
    [InlineData("status")]
    public async Task Without_a_deployment_a_verb_says_how_to_start_one(params string[] args)
    {
        var data = Path.Combine(_directory.FullName, "none");

        var run = await CliRun.Of([.. args, "--data", data]);

        Assert.Equal(1, run.Code);
        Assert.Equal($"domicile: No deployment in {data}: start one with `domicile up --data {data}`", Assert.Single(run.ErrorLines));
        Assert.False(Directory.Exists(data));
    }

    [Fact]
    public async Task With_json_an_error_is_still_one_line_on_stderr_and_nothing_on_stdout()
    {
        var run = await CliRun.Of("plan", "--json", "--data", Path.Combine(_directory.FullName, "none"));

        Assert.Equal(1, run.Code);
        Assert.Empty(run.Out);
        Assert.Single(run.ErrorLines);
    }

    [Fact]
    public async Task Control_that_does_not_answer_is_said_with_its_url()
    {
        // Port 1 of the loopback interface: nobody listens there, and no proxy is asked.
        var run = await CliRun.Of("account", "list", "--control", "http://127.0.0.1:1", "--token", "t");

        Assert.Equal(1, run.Code);
        Assert.Contains("http://127.0.0.1:1/", run.ErrorLines[^1]);
        Assert.Contains("does not answer", run.Error);
    }

    [Theory]
    [InlineData("ftp://example.com")]
    [InlineData("example.com")]
    public async Task Control_that_is_no_url_is_said(string control)
        => Assert.Contains("is not a URL", (await CliRun.Of("plan", "--control", control, "--token", "t")).Error);

    [Fact]
    public async Task A_remote_control_needs_a_token()
        => Assert.Contains("DOMICILE_TOKEN", (await CliRun.Of("plan", "--control", "http://127.0.0.1:1")).Error);

    [Fact]
    public async Task The_environment_names_a_remote_control_and_data_on_the_command_line_goes_first()
    {
        var environment = new Dictionary<string, string>
        {
            ["DOMICILE_CONTROL"] = "http://127.0.0.1:1",
            ["DOMICILE_TOKEN"] = "t",
        };

        Assert.Contains("127.0.0.1:1", (await CliRun.Of(environment, "plan")).Error);
        Assert.Contains(
            "No deployment in", (await CliRun.Of(environment, "plan", "--data", _directory.FullName)).Error);
    }

    [Fact]
    public async Task Every_verb_has_help_with_an_example()
    {
        foreach (var path in Verbs(CommandLine.Parse([], Host()).CommandResult.Command, []))
        {
            var run = await CliRun.Of([.. path, "--help"]);

            Assert.Equal(0, run.Code);
            Assert.True(run.Out.Contains("Examples:", StringComparison.Ordinal), $"{string.Join(' ', path)} has no example");
        }
    }

    [Fact]
    public async Task Every_example_in_the_help_is_a_good_command_line()
    {
        foreach (var path in Verbs(CommandLine.Parse([], Host()).CommandResult.Command, []))
        {
            var help = (await CliRun.Of([.. path, "--help"])).Out;
            var examples = help[help.IndexOf("Examples:", StringComparison.Ordinal)..].Split('\n').Skip(1)
                .Select(line => line.Trim()).Where(line => line.StartsWith("domicile ", StringComparison.Ordinal));
            foreach (var example in examples)
            {
                var words = example.Split(" | ")[0].Split(" > ")[0]["domicile ".Length..];
                var parsed = CommandLine.Parse([.. System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(
                    words.Replace('\'', '"'))], Host());
                Assert.True(UsageError.Of(parsed) is null, $"{example}: {UsageError.Of(parsed)}");
            }
        }
    }

    [Theory]
    [InlineData("bash", "complete ")]
    [InlineData("zsh", "#compdef domicile")]
    [InlineData("fish", "complete -c domicile")]
    public async Task A_completion_script_is_printed_for_each_shell(string shell, string expected)
    {
        var run = await CliRun.Of("completion", shell);

        Assert.Equal(0, run.Code);
        Assert.Contains(expected, run.Out);
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task With_json_a_completion_script_comes_as_one_document()
    {
        var run = await CliRun.Of("completion", "bash", "--json");

        using var document = JsonDocument.Parse(run.Out);
        Assert.Equal("bash", document.RootElement.GetProperty("shell").GetString());
        Assert.Contains("complete ", document.RootElement.GetProperty("script").GetString());
    }

    [Theory]
    [InlineData("domicile mo", "move", "plan")]
    [InlineData("./domicile moves ", "watch", "up")]
    [InlineData("domicile move abcdefghijklmnop --er", "--erase-after", "--to")]
    public async Task The_program_suggests_what_fits_and_nothing_else(string line, string fitting, string other)
    {
        var run = await CliRun.Of($"[suggest:{line.Length}]", line);

        Assert.Equal(0, run.Code);
        Assert.Contains(fitting, run.Out.Split('\n'));
        Assert.DoesNotContain(other, run.Out.Split('\n'));
    }

    [Fact]
    public async Task Down_without_a_deployment_fails_in_one_line()
    {
        var run = await CliRun.Of("down", "--data", Path.Combine(_directory.FullName, "none"));

        Assert.Equal(1, run.Code);
        Assert.Single(run.ErrorLines);
    }

    [Fact]
    public async Task A_file_that_is_no_receipt_does_not_verify()
    {
        var path = Path.Combine(_directory.FullName, "receipt.json");
        await File.WriteAllTextAsync(path, "{}", TestContext.Current.CancellationToken);

        var run = await CliRun.Of("verify", path, "--json");

        Assert.Equal(1, run.Code);
        using var document = JsonDocument.Parse(run.Out);
        Assert.False(document.RootElement.GetProperty("verified").GetBoolean());
        Assert.Single(run.ErrorLines);
    }

    [Fact]
    public async Task A_policy_is_checked_without_a_deployment()
    {
        var good = Path.Combine(_directory.FullName, "good.yaml");
        await File.WriteAllTextAsync(
            good, "version: 1\nrules:\n  - name: Home\n    when: { residence: [CN] }\n    allow: { countries: [CN] }\n",
            TestContext.Current.CancellationToken);
        var bad = Path.Combine(_directory.FullName, "bad.yaml");
        await File.WriteAllTextAsync(bad, "version: 1\nruels: []\n", TestContext.Current.CancellationToken);

        Assert.Equal(0, (await CliRun.Of("policy", "check", good, "--data", _directory.FullName)).Code);
        var run = await CliRun.Of("policy", "check", bad, "--json", "--data", _directory.FullName);
        Assert.Equal(1, run.Code);
        using var document = JsonDocument.Parse(run.Out);
        Assert.False(document.RootElement.GetProperty("valid").GetBoolean());
        Assert.Contains("bad.yaml:2", run.Error);
    }

    private static IEnumerable<string[]> Verbs(System.CommandLine.Command command, string[] path)
        => command.Subcommands.Count == 0
            ? [path]
            : command.Subcommands.SelectMany(verb => Verbs(verb, [.. path, verb.Name]));

    private static CliHost Host()
        => new(TextWriter.Null, TextWriter.Null, false, false, _ => null, TimeProvider.System);
}
