using Domicile.Accounts;
using Domicile.Control;
using Domicile.Tests.Moves;
using Xunit;
using static Domicile.Tests.Control.TestControl;

namespace Domicile.Tests.Control;

/// <summary>Regions that are drained, added and removed while control runs.</summary>
public sealed class RegionChangeTests
{
    private const string Frankfurt =
        "  frankfurt: { listen: \"http://127.0.0.1:19103\", endpoint: \"https://s3.eu.example\", country: DE, "
        + "operator: { name: O, country: DE }, owner: { name: O, country: DE }, custodian: { kind: local, country: DE } }\n";

    private static readonly DrainRegion Drain = new(null);

    [Fact]
    public async Task Everybody_leaves_a_drained_region_by_policy_and_nobody_comes()
    {
        await using var control = await StartAsync();
        var leaves = await control.AddAsync("IN", "singapore");
        var stays = await control.AddAsync("CN", "beijing");
        Done(await control.Desk.Policies.PutAsync(new PolicyText(Anywhere), "tester", Cancelled));
        await control.PushAsync();

        var drained = Done(await control.Desk.Drains.DrainAsync("singapore", Drain, "tester", Cancelled));

        await control.EndAsync(Assert.Single(drained.Moves));
        Assert.Empty(drained.Denied);
        Assert.Equal("beijing", Done(control.Desk.Accounts.Show(leaves.Account)).Home);
        Assert.Equal("beijing", Done(control.Desk.Accounts.Show(stays.Account)).Home);
        Assert.True((await control.Desk.Status.RegionsAsync(Cancelled)).Regions.Single(region => region.Name == "singapore").Draining);

        // Not by policy, which would like Singapore, not by name, and not by a move.
        Assert.Equal("beijing", (await control.AddAsync("SG")).Home);
        var named = new NewAccount("IN", null, "singapore", "because");
        Assert.Contains("drained", Refused(
            await control.Desk.Accounts.AddAsync(named, "tester", Cancelled), RefusalKind.Conflict).Error, StringComparison.Ordinal);
        var back = new NewMove(leaves.Account, "singapore", null);
        Assert.Contains("drained", Refused(
            await control.Desk.Moves.MoveAsync(back, Cancelled), RefusalKind.Conflict).Error, StringComparison.Ordinal);

        Assert.True(Done(await control.Desk.Drains.UndrainAsync("singapore", Cancelled)).WasDraining);
        Assert.Equal("singapore", (await control.AddAsync("SG")).Home);
    }

    [Fact]
    public async Task A_drained_region_stays_drained_over_a_restart_until_that_is_ended()
    {
        await using var control = await StartAsync();
        Done(await control.Desk.Policies.PutAsync(new PolicyText(Anywhere), "tester", Cancelled));
        await control.PushAsync();
        Done(await control.Desk.Drains.DrainAsync("singapore", Drain, "tester", Cancelled));

        await control.RestartAsync();

        Assert.Equal("beijing", (await control.AddAsync("SG")).Home);
        Refused(await control.Desk.Drains.DrainAsync("beijing", Drain, "tester", Cancelled), RefusalKind.Conflict);
        Refused(await control.Desk.Drains.DrainAsync("atlantis", Drain, "tester", Cancelled), RefusalKind.NotFound);
        Refused(await control.Desk.Drains.DrainAsync("beijing", new DrainRegion(0), "tester", Cancelled), RefusalKind.Conflict);
        Assert.False(Done(await control.Desk.Drains.UndrainAsync("beijing", Cancelled)).WasDraining);
    }

    // Goal: what is on its way to a region when that is drained doesn't arrive. Method: the move stands before its copy meanwhile.
    [Fact]
    public async Task A_move_that_is_under_way_to_a_drained_region_goes_back()
    {
        await using var control = await StartAsync();
        Done(await control.Desk.Policies.PutAsync(new PolicyText(Anywhere), "tester", Cancelled));
        await control.PushAsync();
        var account = await control.AddAsync("IN", "beijing");
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        control.Faults.Reached = (_, call, _) =>
        {
            if (call == "arrive" && reached.TrySetResult())
            {
                control.Faults.Silence(TestDeployment.Singapore);
            }
        };
        var move = Done(await control.Desk.Moves.MoveAsync(new NewMove(account.Account, "singapore", null), Cancelled)).Move;
        await reached.Task.WaitAsync(Cancelled);

        Done(await control.Desk.Drains.DrainAsync("singapore", Drain, "tester", Cancelled));
        control.Faults.Wake(TestDeployment.Singapore);

        var ended = await control.EndAsync(move);
        Assert.Equal(Domicile.Moves.MoveState.Aborted, ended.State);
        Assert.Contains("drained", ended.Reason, StringComparison.Ordinal);
        Assert.Equal("beijing", Done(control.Desk.Accounts.Show(account.Account)).Home);
    }

    [Fact]
    public async Task Who_may_be_nowhere_else_stays_and_is_named()
    {
        await using var control = await StartAsync();
        var chinese = await control.AddAsync("CN");

        var drained = Done(await control.Desk.Drains.DrainAsync("beijing", Drain, "tester", Cancelled));

        Assert.Empty(drained.Moves);
        Assert.Equal(chinese.Account, Assert.Single(drained.Denied).Account);
        var finding = Assert.Single((await control.Desk.Doctor.ExamineAsync(Cancelled)).Findings,
            one => one.Finding.Contains("drained", StringComparison.Ordinal));
        Assert.EndsWith("accounts still at home there: 1", finding.Finding, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_region_is_added_told_of_and_removed_by_a_reload()
    {
        await using var control = await StartAsync();
        await WriteAsync(control, Frankfurt);
        await control.PushAsync();
        Assert.Contains((await control.Desk.Doctor.ExamineAsync(Cancelled)).Findings,
            one => one.Finding.Contains("frankfurt", StringComparison.Ordinal) && one.Advice.Contains("reload", StringComparison.Ordinal));

        var added = Done(await control.Desk.Reloads.ReloadAsync(Cancelled));

        Assert.Equal(["frankfurt"], added.Added);
        Assert.Empty(added.Changed);
        await control.PushAsync();
        var told = control.DirectoryOf(TestDeployment.Singapore).FindMember(RegionName.Parse("frankfurt"))!;
        Assert.Equal(("DE", "https://s3.eu.example/"), (told.Facts.Country.Code, told.Endpoint.AbsoluteUri));
        var updates = control.Faults.CountOf("update");
        await control.PushAsync();
        Assert.Equal(updates, control.Faults.CountOf("update"));
        Assert.True(control.Desk.HasRegion(RegionName.Parse("frankfurt")));
        var policy = Anywhere.Replace("allow: \"*\"", "allow: { regions: [frankfurt] }", StringComparison.Ordinal);
        Assert.True(control.Desk.Policies.Check(new PolicyText(policy)).Valid);

        await WriteAsync(control, "");
        Assert.Equal(["frankfurt"], Done(await control.Desk.Reloads.ReloadAsync(Cancelled)).Removed);
        Assert.False(control.Desk.HasRegion(RegionName.Parse("frankfurt")));
        await control.PushAsync();
        Assert.Null(control.DirectoryOf(TestDeployment.Singapore).FindMember(RegionName.Parse("frankfurt")));
        Assert.False(control.Desk.Policies.Check(new PolicyText(policy)).Valid);
    }

    // Goal: a region that holds accounts, or that a move goes to or comes from, can't be lost by an edit.
    [Fact]
    public async Task A_region_with_accounts_is_not_removed_and_one_that_was_drained_is()
    {
        await using var control = await StartAsync();
        Done(await control.Desk.Policies.PutAsync(new PolicyText(Anywhere), "tester", Cancelled));
        await control.PushAsync();
        var account = await control.AddAsync("SG");
        Assert.Equal("singapore", account.Home);
        await WriteAsync(control, "", without: "singapore:");

        var held = Refused(await control.Desk.Reloads.ReloadAsync(Cancelled), RefusalKind.Conflict);
        Assert.EndsWith("accounts at home there: 1", held.Error, StringComparison.Ordinal);
        Assert.Contains("drain singapore", held.Next, StringComparison.Ordinal);
        Assert.True(control.Desk.HasRegion(TestDeployment.Singapore));

        var drained = Done(await control.Desk.Drains.DrainAsync("singapore", Drain, "tester", Cancelled));
        await control.EndAsync(Assert.Single(drained.Moves));
        Assert.Equal(["singapore"], Done(await control.Desk.Reloads.ReloadAsync(Cancelled)).Removed);
        Assert.Equal("beijing", (await control.AddAsync("SG")).Home);

        // It may come back, as another one: nothing of it is kept.
        await WriteAsync(control, "");
        Assert.Equal(["singapore"], Done(await control.Desk.Reloads.ReloadAsync(Cancelled)).Added);
        Assert.Equal("singapore", (await control.AddAsync("SG")).Home);
    }

    // Goal: the copy that a source keeps for a while after a move is not forgotten with it.
    [Fact]
    public async Task A_region_that_still_has_to_erase_is_not_removed()
    {
        await using var control = await StartAsync();
        Done(await control.Desk.Policies.PutAsync(new PolicyText(Anywhere), "tester", Cancelled));
        await control.PushAsync();
        var account = await control.AddAsync("IN", "singapore");
        var move = Done(await control.Desk.Moves.MoveAsync(new NewMove(account.Account, "beijing", 3_600), Cancelled));
        while (control.Desk.MoveDesk.Find(move.Move) is { State: not Domicile.Moves.MoveState.Erasing } open)
        {
            Assert.False(open.IsOver);
            await control.Desk.MoveDesk.ChangedSince(control.Desk.MoveDesk.ChangeCount - 1, Cancelled);
        }

        await WriteAsync(control, Frankfurt, without: "singapore:");

        var held = Refused(await control.Desk.Reloads.ReloadAsync(Cancelled), RefusalKind.Conflict);
        Assert.Contains(move.Move.ToString(), held.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deployment: test", "deployment: other", "deployment name")]
    [InlineData("19000", "19001", "'control' part")]
    [InlineData("regions:", "tls: true\nregions:", "'tls'")]
    public async Task What_takes_a_restart_is_refused_and_named(string part, string instead, string named)
    {
        await using var control = await StartAsync();
        var text = await File.ReadAllTextAsync(control.ConfigPath, Cancelled);
        await File.WriteAllTextAsync(control.ConfigPath, text.Replace(part, instead, StringComparison.Ordinal), Cancelled);

        var refused = Refused(await control.Desk.Reloads.ReloadAsync(Cancelled), RefusalKind.Conflict);

        Assert.Contains(named, refused.Error, StringComparison.Ordinal);
        Assert.Equal("test", control.Desk.Name);
    }

    [Fact]
    public async Task A_file_with_an_error_changes_nothing_and_doctor_says_so_too()
    {
        await using var control = await StartAsync();
        await File.AppendAllTextAsync(control.ConfigPath, "\nregoins: {}\n", Cancelled);

        var refused = Refused(await control.Desk.Reloads.ReloadAsync(Cancelled), RefusalKind.Malformed);

        Assert.Contains("regoins", refused.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await control.Desk.Status.RegionsAsync(Cancelled)).Regions.Count);
        Assert.Contains((await control.Desk.Doctor.ExamineAsync(Cancelled)).Findings,
            one => one.Finding.Contains("regoins", StringComparison.Ordinal));
    }

    private const string Anywhere =
        """
        version: 1
        rules:
          - name: Anywhere
            when: { residence: "*" }
            allow: "*"
            prefer: [nearest]
        """;

    /// <param name="regions">Those that are added.</param>
    /// <param name="without">What is in the line of one that is left out.</param>
    private static Task WriteAsync(TestControl control, string regions, string without = "nothing")
    {
        var lines = (Config.Replace("policy: policy.yaml", regions.TrimEnd() + "\npolicy: policy.yaml", StringComparison.Ordinal) + "\n")
            .Split('\n').Where(line => !line.Contains(without, StringComparison.Ordinal));
        return File.WriteAllTextAsync(control.ConfigPath, string.Join('\n', lines), Cancelled);
    }
}
