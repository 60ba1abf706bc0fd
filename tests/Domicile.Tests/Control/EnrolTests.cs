using Domicile.Control;
using Domicile.Proofs;
using Domicile.Tests.Moves;
using Xunit;

namespace Domicile.Tests.Control;

/// <summary>The key that speaks for a region: the liar is whoever answers at a region's address.</summary>
public sealed class EnrolTests
{
    private const string Singapore = "singapore";

    [Fact]
    public async Task A_region_that_nobody_enrolled_gets_no_accounts_and_no_moves()
    {
        await using var control = await TestControl.StartAsync();
        var account = await control.AddAsync("IN", "beijing");
        control.KeyHere = _ => null;

        var add = TestControl.Refused(
            await control.Desk.Accounts.AddAsync(new NewAccount("IN", null, null, null), "tester", TestControl.Cancelled),
            RefusalKind.Conflict);
        Assert.Contains("domicile region enrol singapore", add.Next!, StringComparison.Ordinal);
        var move = TestControl.Refused(
            await control.Desk.Moves.MoveAsync(new NewMove(account.Account, Singapore, null), TestControl.Cancelled),
            RefusalKind.Conflict);
        Assert.Contains("not enrolled", move.Error, StringComparison.Ordinal);
        var doctor = await control.Desk.Doctor.ExamineAsync(TestControl.Cancelled);
        Assert.Contains(
            doctor.Findings,
            one => one is { Place: Singapore, Status: "error" } && one.Advice.Contains("region enrol", StringComparison.Ordinal));
        var status = await control.Desk.Status.RegionsAsync(TestControl.Cancelled);
        Assert.False(status.Regions.Single(one => one.Name == Singapore).Enrolled);
        Assert.True(status.Regions.Single(one => one.Name == "beijing").Enrolled);
    }

    [Fact]
    public async Task A_region_is_enrolled_by_the_fingerprint_that_its_machine_shows_and_by_no_other()
    {
        await using var control = await TestControl.StartAsync();
        control.KeyHere = _ => null;
        using var stranger = EcdsaSigner.Generate();

        TestControl.Refused(await EnrolAsync(control, stranger.PublicKey.Fingerprint), RefusalKind.Conflict);
        TestControl.Refused(await EnrolAsync(control, ""), RefusalKind.Conflict);
        Assert.False((await SingaporeAsync(control)).Enrolled);

        var shown = control.KeyOf(TestDeployment.Singapore).Fingerprint;
        Assert.Equal(shown, (await SingaporeAsync(control)).Fingerprint);
        Assert.Equal(shown, TestControl.Done(await EnrolAsync(control, shown)).Fingerprint);
        Assert.Equal(shown, TestControl.Done(await EnrolAsync(control, shown)).Fingerprint);
        Assert.True((await SingaporeAsync(control)).Enrolled);
        await control.AddAsync("IN");
    }

    [Fact]
    public async Task A_region_that_shows_another_key_than_it_was_enrolled_with_is_refused_and_both_are_named()
    {
        await using var control = await TestControl.StartAsync();
        using var former = EcdsaSigner.Generate();
        control.KeyHere = region => region == TestDeployment.Singapore ? former.PublicKey : control.KeyOf(region);
        var account = await control.AddAsync("IN", "beijing");
        Assert.True((await SingaporeAsync(control)).Enrolled);
        var shown = control.KeyOf(TestDeployment.Singapore).Fingerprint;

        Refusal[] refusals =
        [
            TestControl.Refused(await EnrolAsync(control, shown), RefusalKind.Conflict),
            TestControl.Refused(
                await control.Desk.Moves.MoveAsync(new NewMove(account.Account, Singapore, null), TestControl.Cancelled),
                RefusalKind.Conflict),
        ];

        Assert.All(refusals, one => Assert.Contains(shown, one.Error, StringComparison.Ordinal));
        Assert.All(refusals, one => Assert.Contains(former.PublicKey.Fingerprint, one.Error, StringComparison.Ordinal));
    }

    private static Task<Outcome<EnrolledRegion>> EnrolAsync(TestControl control, string fingerprint)
        => control.Desk.Enrolments.EnrolAsync(Singapore, new EnrolRegion(fingerprint), TestControl.Cancelled);

    private static async Task<RegionView> SingaporeAsync(TestControl control)
        => (await control.Desk.Status.RegionsAsync(TestControl.Cancelled)).Regions.Single(one => one.Name == Singapore);
}
