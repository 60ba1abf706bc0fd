using System.Text.Json;
using Domicile.Cli.Local;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.Command;

/// <summary><c>up</c>, <c>down</c> and <c>status</c> with the real programs: what starts, what refuses, what is left.</summary>
public sealed class UpTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("domicile-up-").FullName;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        foreach (var pid in ServersOf(_directory))
        {
            NativeProcess.Kill(pid);
        }

        Directory.Delete(_directory, recursive: true);
    }

    // Goal: Ctrl-C leaves no process behind; a second `up` says that there is one; `status` answers before, while and after.
    [Fact]
    public async Task Up_runs_once_and_an_interrupt_stops_every_process()
    {
        await WriteConfigAsync(new DeploymentSetup { Regions = [DeploymentSetup.Beijing] });
        using var up = CliProcess.Start("up", "--data", _directory);
        await Eventually.HoldsAsync(
            () => Task.FromResult(up.HasExited || UpState.Load(_directory) is { Ready: true }), "up is ready",
            TimeSpan.FromSeconds(90));
        Assert.Equal(2, ServersOf(_directory).Count);
        var status = await CliCall.JsonAsync(_directory, "status");
        Assert.Equal("ready", status.GetProperty("regions")[0].GetProperty("state").GetString());
        Assert.Equal("beijing", status.GetProperty("regions")[0].GetProperty("name").GetString());

        var second = await CliCall.RunAsync(_directory, "up");
        Assert.Equal(1, second.Code);
        Assert.Contains("already up", second.Error, StringComparison.Ordinal);

        // And a server that somebody starts by hand on the same directory.
        using var server = CliProcess.StartServer(
            "--role", "region", "--region", "beijing", "--config", ConfigPath, "--data", _directory);
        var refused = await server.EndAsync();
        Assert.Equal(1, refused.Code);
        Assert.Contains(Path.Combine(_directory, "beijing"), refused.Error, StringComparison.Ordinal);

        up.Interrupt();
        Assert.Equal(0, (await up.EndAsync()).Code);
        Assert.Empty(ServersOf(_directory));
        var down = await CliCall.JsonAsync(_directory, "status");
        Assert.Equal("down", down.GetProperty("regions")[0].GetProperty("state").GetString());
        Assert.Equal(JsonValueKind.False, (await CliCall.JsonAsync(_directory, "down")).GetProperty("stopped").ValueKind);
        var asked = await CliCall.RunAsync(_directory, "account list");
        Assert.Equal(1, asked.Code);
        Assert.Contains("up", asked.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_key_names_its_line_and_the_nearest_known_one()
    {
        await WriteConfigAsync(new DeploymentSetup { Regions = [DeploymentSetup.Beijing] });
        var config = await File.ReadAllTextAsync(ConfigPath, Cancelled);
        await File.WriteAllTextAsync(
            ConfigPath, config.Replace("regions:", "regoins:", StringComparison.Ordinal), Cancelled);
        var refused = await CliCall.RunAsync(_directory, "up");
        Assert.Equal(1, refused.Code);
        Assert.Contains("regoins", refused.Error, StringComparison.Ordinal);
        Assert.Contains("regions", refused.Error, StringComparison.Ordinal);
        Assert.Contains("3", refused.Error, StringComparison.Ordinal);
        Assert.Empty(ServersOf(_directory));
    }

    [Fact]
    public async Task Two_listeners_on_one_port_are_refused_before_anything_starts()
    {
        var port = TestPorts.Take(1)[0];
        await WriteAsync(
            new DeploymentSetup { Regions = [DeploymentSetup.Beijing] }.ConfigText([.. Enumerable.Repeat(port, 6)]));
        var refused = await CliCall.RunAsync(_directory, "up");
        Assert.Equal(1, refused.Code);
        Assert.Contains(port.ToString(System.Globalization.CultureInfo.InvariantCulture), refused.Error, StringComparison.Ordinal);
        Assert.Empty(ServersOf(_directory));
    }

    [Theory]
    [InlineData("\"deployment\":\"test\"", "\"deployment\":\"other\"", "other")]
    [InlineData("\"format\":1", "\"format\":999", "999")]
    public async Task A_directory_of_another_deployment_or_a_newer_version_is_refused(string stamp, string changed, string said)
    {
        await WriteConfigAsync(new DeploymentSetup { Regions = [DeploymentSetup.Beijing] });
        var stampPath = Path.Combine(_directory, "beijing", "domicile.json");
        using (var first = CliProcess.Start("up", "--data", _directory))
        {
            await Eventually.HoldsAsync(
                () => Task.FromResult(first.HasExited || UpState.Load(_directory) is { Ready: true }), "up is ready",
                TimeSpan.FromSeconds(90));
            first.Interrupt();
            await first.EndAsync();
        }

        var text = (await File.ReadAllTextAsync(stampPath, Cancelled)).Replace(" ", "", StringComparison.Ordinal);
        Assert.Contains(stamp, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(stampPath, text.Replace(stamp, changed, StringComparison.Ordinal), Cancelled);

        using var server = CliProcess.StartServer(
            "--role", "region", "--region", "beijing", "--config", ConfigPath, "--data", _directory);
        var refused = await server.EndAsync();
        Assert.Equal(1, refused.Code);
        Assert.Contains(said, refused.Error, StringComparison.Ordinal);
        Assert.Single(refused.Error.TrimEnd('\n').Split('\n'));
    }

    private string ConfigPath => Path.Combine(_directory, "domicile.yaml");

    private Task WriteConfigAsync(DeploymentSetup setup)
        => WriteAsync(setup.ConfigText(TestPorts.Take(3 * (1 + setup.Regions.Count))));

    private async Task WriteAsync(string config)
    {
        await File.WriteAllTextAsync(ConfigPath, config, Cancelled);
        await File.WriteAllTextAsync(
            Path.Combine(_directory, "policy.yaml"), new DeploymentSetup().Policy, Cancelled);
    }

    private static List<int> ServersOf(string directory)
        => [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
            .Where(name => int.TryParse(name, out var pid) && NativeProcess.IsServerOf(pid, directory))
            .Select(name => int.Parse(name!, System.Globalization.CultureInfo.InvariantCulture))];
}
