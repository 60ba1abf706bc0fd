using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.Command;

/// <summary>Every verb once, on a real deployment, as a script would use it.</summary>
public sealed class VerbTests
{
    [Fact]
    public async Task Every_verb_prints_exactly_one_json_document()
    {
        await using var deployment = await LiveDeployment.StartAsync();
        var policy = Path.Combine(deployment.Directory, "policy.yaml");
        var added = await JsonAsync(deployment, "account add --residence SG --org Example");
        var account = added.GetProperty("account").GetString();
        Assert.Equal(
            ["accessKey", "account", "endpoint", "home", "secretKey"],
            added.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
        var misplaced = await JsonAsync(deployment, "account add --residence IN --region beijing --misplaced taken-over");
        Assert.Equal(3, (await JsonAsync(deployment, "status")).GetProperty("regions").GetArrayLength());
        await JsonAsync(deployment, "account list", $"account show {account}", $"policy check {policy}", $"policy explain {account}");
        var where = await JsonAsync(deployment, $"where {account}");
        Assert.All(["home", "epoch", "exposure", "rule"], name => Assert.True(where.TryGetProperty(name, out _), name));
        var key = (await JsonAsync(deployment, $"key add {account} --label second")).GetProperty("accessKey").GetString();
        await JsonAsync(deployment, $"key list {account}", $"key revoke {key}", $"key rotate {account}");
        Assert.Equal(1, (await JsonAsync(deployment, "plan")).GetProperty("moves").GetArrayLength());
        Assert.Equal("done", (await JsonAsync(deployment, "apply --at-once 2")).GetProperty("moves")[0].GetProperty("state").GetString());

        var other = added.GetProperty("home").GetString() == "singapore" ? "california" : "singapore";
        var move = await JsonAsync(deployment, $"move {account} --to {other} --wait --erase-after 1s");
        Assert.All(["move", "state", "objects", "bytes", "pauseMs"], name => Assert.True(move.TryGetProperty(name, out _), name));
        await JsonAsync(deployment, "moves list", $"moves show {move.GetProperty("move")}", $"receipt {move.GetProperty("move")}");
        var receipt = Path.Combine(deployment.Directory, "receipt.json");
        await JsonAsync(deployment, $"receipt {move.GetProperty("move")} -o {receipt}", $"verify {receipt}");
        await JsonAsync(
            deployment, $"verify --account {account} --deep", "ledger checkpoint", "ledger show 0", "ledger prove 0", "doctor",
            $"account erase {misplaced.GetProperty("account").GetString()}");
    }

    [Theory]
    [InlineData("mov x --to singapore", "move")]
    [InlineData("moves shwo", "show")]
    [InlineData("move xk3v5yq2mbnd7hae", "--to")]
    [InlineData("move xk3v5yq2mbnd7hae --to singapore --erase-after yesterday", "duration")]
    [InlineData("account add", "--residence")]
    [InlineData("account", "add")]
    [InlineData("ledger show minus-one", "index")]
    [InlineData("verify", "FILE")]
    [InlineData("apply --at-once 0", "--at-once")]
    [InlineData("status --jsno", "--json")]
    public async Task A_wrong_command_line_is_exit_2_with_a_hint(string arguments, string hint)
    {
        var run = await CliCall.RunAsync(arguments.Split(' '));
        Assert.Equal(2, run.Code);
        Assert.Contains(hint, run.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(run.Out);
    }

    private static async Task JsonAsync(LiveDeployment deployment, params string[] commands)
    {
        foreach (var command in commands)
        {
            await JsonAsync(deployment, command);
        }
    }

    private static Task<System.Text.Json.JsonElement> JsonAsync(LiveDeployment deployment, string command)
        => CliCall.JsonAsync(deployment.Directory, command);
}
