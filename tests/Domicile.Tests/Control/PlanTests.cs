using Domicile.Accounts;
using Domicile.Control;
using Domicile.Tests.Moves;
using Xunit;
using static Domicile.Tests.Control.TestControl;

namespace Domicile.Tests.Control;

public sealed class PlanTests
{
    private const string EverythingInChina =
        """
        version: 1
        rules:
          - name: Home again
            when: { residence: "*" }
            allow: { countries: [CN] }
        """;

    [Fact]
    public async Task A_plan_says_who_moves_who_stays_and_who_may_be_nowhere()
    {
        await using var control = await StartAsync();
        await control.AddAsync("CN");
        await control.AddAsync("IN");
        var indian = await control.AddAsync("IN", "beijing");
        var penguin = await control.AddAsync("AQ", "beijing");
        var size = control.Desk.Ledger.Size;

        var plan = Done(await control.Desk.Plans.PlanAsync(new PlanRequest(null, null), Cancelled));

        var move = Assert.Single(plan.Moves);
        Assert.Equal((indian.Account, "beijing", "singapore", "Everyone else leaves"), (move.Account, move.From, move.To, move.Rule));
        Assert.Equal(penguin.Account, Assert.Single(plan.Denied).Account);
        Assert.Equal(2, plan.InPlace);
        Assert.Empty(plan.Troubles);
        Assert.Empty(control.Desk.Moves.List().Moves);
        Assert.Equal(size, control.Desk.Ledger.Size);
    }

    [Fact]
    public async Task A_silent_region_is_a_row_of_the_plan()
    {
        await using var control = await StartAsync();
        await control.AddAsync("IN", "beijing");
        control.Faults.Silence(TestDeployment.Beijing);

        var plan = Done(await control.Desk.Plans.PlanAsync(new PlanRequest(null, null), Cancelled));

        Assert.Single(plan.Moves);
        Assert.Equal(("beijing", 1), (Assert.Single(plan.Troubles).Region, plan.Troubles[0].Accounts));
    }

    [Fact]
    public async Task A_region_is_asked_about_its_accounts_in_one_question()
    {
        await using var control = await StartAsync();
        for (var i = 0; i < 12; i++)
        {
            await control.AddAsync("IN", "beijing");
        }

        var plan = Done(await control.Desk.Plans.PlanAsync(new PlanRequest(null, null), Cancelled));

        Assert.Equal(12, plan.Moves.Count);
        Assert.Equal((1, 0), (control.Faults.CountOf("measureMany"), control.Faults.CountOf("measure")));
    }

    [Fact]
    public async Task What_a_region_had_no_time_for_is_asked_again()
    {
        await using var control = await StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await control.AddAsync("IN", "beijing");
        }

        control.Faults.ChangeMeasures = said => [.. said.Skip(1).Take(2)];
        var slow = Done(await control.Desk.Plans.PlanAsync(new PlanRequest(null, null), Cancelled));
        control.Faults.ChangeMeasures = said => [.. said.Take(2)];
        var whole = Done(await control.Desk.Plans.PlanAsync(new PlanRequest(null, null), Cancelled));

        Assert.Equal(5, whole.Moves.Count);
        Assert.Empty(whole.Troubles);
        Assert.Equal(1, Assert.Single(slow.Troubles).Accounts);
    }

    [Fact]
    public async Task A_region_that_answers_of_others_than_it_was_asked_about_is_a_row_of_the_plan()
    {
        await using var control = await StartAsync();
        await control.AddAsync("IN", "beijing");
        var other = AccountId.Parse("aaaaaaaaaaaaaaaa");
        control.Faults.ChangeMeasures = said => [.. said.Select(one => one with { Account = other })];

        var plan = Done(await control.Desk.Plans.PlanAsync(new PlanRequest(null, null), Cancelled));

        Assert.Contains("answered of none", Assert.Single(plan.Troubles).Reason, StringComparison.Ordinal);
        Assert.Null(control.Desk.Directory.Find(other));
    }

    [Fact]
    public async Task The_margin_of_room_is_kept_once_for_all_that_moves()
    {
        await using var control = await StartAsync();
        for (var i = 0; i < 4; i++)
        {
            await control.AddAsync("IN", "beijing");
        }

        await control.PushAsync();
        control.Faults.ChangeStatus = status => status with
        {
            FreeBytes = ControlLimits.RoomMarginBytes + (3 * ControlLimits.RoomPerAccountBytes),
        };
        var applied = Done(await control.Desk.Plans.ApplyAsync(new PlanRequest(null, null), "tester", Cancelled));

        Assert.Equal(3, applied.Moves.Count);
        Assert.Contains("bytes free", Assert.Single(applied.Skipped).Reason, StringComparison.Ordinal);
        Assert.Equal((1, 0), (control.Faults.CountOf("findMany"), control.Faults.CountOf("find")));
    }

    [Fact]
    public async Task A_plan_under_another_policy_does_not_put_it_in_force()
    {
        await using var control = await StartAsync();
        await control.AddAsync("IN");

        var plan = Done(await control.Desk.Plans.PlanAsync(new PlanRequest(EverythingInChina, null), Cancelled));

        Assert.Equal("beijing", Assert.Single(plan.Moves).To);
        Assert.Equal(1, control.Desk.Policies.Show().Revision);
    }

    [Fact]
    public async Task A_policy_that_does_not_parse_is_refused_with_its_line()
    {
        await using var control = await StartAsync();
        const string wrong = "version: 1\nrules:\n  - name: x\n    wen: { residence: [CN] }\n";

        var refusal = Refused(
            await control.Desk.Policies.PutAsync(new PolicyText(wrong), "tester", Cancelled), RefusalKind.Malformed);

        Assert.Contains("policy.yaml:4", refusal.Error, StringComparison.Ordinal);
        Assert.False(control.Desk.Policies.Check(new PolicyText(wrong)).Valid);
        Assert.Equal(1, control.Desk.Policies.Show().Revision);
        Assert.Equal(1, control.Desk.Ledger.Size);
    }

    [Fact]
    public async Task The_same_policy_twice_is_one_revision_and_one_entry()
    {
        await using var control = await StartAsync();

        var first = Done(await control.Desk.Policies.PutAsync(new PolicyText(EverythingInChina), "tester", Cancelled));
        var second = Done(await control.Desk.Policies.PutAsync(new PolicyText(EverythingInChina), "tester", Cancelled));

        Assert.Equal((2L, 2L), (first.Revision, second.Revision));
        Assert.Equal(2, control.Desk.Ledger.Size);
        await control.RestartAsync();
        Assert.Equal(EverythingInChina, control.Desk.Policies.Show().Text);
        await control.PushAsync();
        Assert.Equal(2, (await control.Region(TestDeployment.Beijing).StatusAsync(Cancelled)).PolicyRevision);
    }

    [Fact]
    public async Task A_move_that_has_become_forbidden_is_not_permitted()
    {
        await using var control = await StartAsync();
        var added = await control.AddAsync("IN", "beijing");
        var move = await control.MoveAsync(added.Account, TestDeployment.Singapore);
        Assert.True(control.Desk.MoveControl.Permit(move).IsPermitted);

        Done(await control.Desk.Policies.PutAsync(new PolicyText(EverythingInChina), "tester", Cancelled));

        var permission = control.Desk.MoveControl.Permit(move);
        Assert.False(permission.IsPermitted);
        Assert.Equal(2, permission.PolicyRevision);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    public async Task As_many_moves_at_once_are_refused(int atOnce)
    {
        await using var control = await StartAsync();

        Refused(await control.Desk.Plans.ApplyAsync(new PlanRequest(null, atOnce), "tester", Cancelled), RefusalKind.Malformed);
    }

    [Fact]
    public async Task Doctor_names_what_is_silent_and_what_is_out_of_place()
    {
        await using var control = await StartAsync();
        await control.AddAsync("IN", "beijing");
        control.Faults.Silence(TestDeployment.Singapore);

        var findings = (await control.Desk.Doctor.ExamineAsync(Cancelled)).Findings;

        Assert.Contains(findings, found => found is { Place: "singapore", Status: "error" });
        Assert.Contains(findings, found => found is { Place: "control", Status: "warning" }
            && found.Finding.Contains("1 of 1 accounts", StringComparison.Ordinal));
        Assert.DoesNotContain(findings, found => found is { Place: "control", Status: "error" });
    }
}
