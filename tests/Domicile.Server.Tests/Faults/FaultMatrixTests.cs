using Domicile.Links;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Moves;
using Xunit;

namespace Domicile.Server.Tests.Faults;

/// <summary>
/// Each fault befalls each party at each step of a move. Once it is over, the move ends by itself; every acknowledged write
/// is there and nothing else; one home takes writes, the directory agrees, and the other region has nothing left.
/// </summary>
public abstract class FaultMatrixTests
{
    private protected static DeploymentSetup Setup => new()
    {
        Policy = TestPolicies.Anywhere,
        Regions = [DeploymentSetup.Beijing, DeploymentSetup.Singapore],
        Links = LinkTerms.Straight,
    };

    private protected static async Task RunAsync(Fault fault)
    {
        await using var deployment = await LiveDeployment.StartAsync(Setup);
        await RunAsync(deployment, fault);
    }

    private protected static async Task RunAsync(LiveDeployment deployment, Fault fault)
    {
        var troubles = new List<string>();
        foreach (var party in FaultPoint.Parties)
        {
            troubles.AddRange(await FaultRound.RunAsync(deployment, party, fault));
        }

        Assert.True(troubles.Count == 0, string.Join("\n", troubles));
    }

    /// <summary>What befalls all parties at once: one round.</summary>
    private protected static async Task RunTogetherAsync(LiveDeployment deployment, Fault fault)
    {
        var troubles = await FaultRound.RunAsync(deployment, "everybody", fault);
        Assert.True(troubles.Count == 0, string.Join("\n", troubles));
    }
}

public sealed class KillTests : FaultMatrixTests
{
    [Fact]
    public Task Any_party_may_be_killed_at_any_step() => RunAsync(new Fault.Killed());
}

public sealed class CutTests : FaultMatrixTests
{
    [Fact]
    public Task Any_party_may_be_cut_off_at_any_step() => RunAsync(new Fault.Cut());
}

public sealed class StopTests : FaultMatrixTests
{
    [Fact]
    public Task Any_party_may_stop_and_go_on_at_any_step() => RunAsync(new Fault.Stopped());
}

public sealed class StallTests : FaultMatrixTests
{
    [Fact]
    public Task The_links_of_any_party_may_fall_silent_at_any_step() => RunAsync(new Fault.Stalled());
}

public sealed class FullTests : FaultMatrixTests
{
    // For the data of a round, and what a process needs to start.
    private const int DiskMebibytes = 224;
    private const int Files = 20_000;

    [Fact]
    public async Task The_disk_of_any_party_may_be_full_at_any_step()
    {
        await using var deployment = await LiveDeployment.StartAsync(Setup);
        try
        {
            foreach (var party in FaultPoint.Parties)
            {
                await deployment.StopAsync(party);
                Assert.SkipUnless(
                    await SmallDisk.MountAsync(deployment.DirectoryOf(party), DiskMebibytes, Files),
                    "mounting a small file system takes root");
                await deployment.StartAsync(party);
            }

            await RunAsync(deployment, new Fault.Full());
            await RunTogetherAsync(deployment, new Fault.NoFiles());
        }
        finally
        {
            foreach (var party in FaultPoint.Parties)
            {
                await deployment.EndAsync(party);
                await SmallDisk.UnmountAsync(deployment.DirectoryOf(party));
            }
        }
    }
}

public sealed class LockTests : FaultMatrixTests
{
    [Fact]
    public Task Another_program_may_hold_the_databases_of_any_party_at_any_step() => RunAsync(new Fault.Locked());
}

public sealed class FailTests : FaultMatrixTests
{
    [Fact]
    public Task The_disk_of_any_party_may_fail_at_any_step() => RunAsync(disk => new Fault.Failed(disk));

    [Fact]
    public Task Flushes_of_any_party_may_fail_at_any_step_before_it_dies() => RunAsync(disk => new Fault.Unflushed(disk));

    private static async Task RunAsync(Func<FailingDisk, Fault> fault)
    {
        using var disk = await FailingDisk.MakeAsync();
        Assert.SkipWhen(disk is null, "Not installed: gcc.");
        await using var deployment = await LiveDeployment.StartAsync(Setup with { Environment = disk.Environment });
        await RunAsync(deployment, fault(disk));
    }
}

public sealed class ClockJumpTests : FaultMatrixTests
{
    private static readonly TimeSpan SixMinutes = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan Years = TimeSpan.FromDays(1000);

    // Goal: whoever's clock jumps, at whatever step, either way, the move waits or goes back, and a receipt verifies. Method: all
    // three at once, each its own way; in the longer search each alone, both ways. ClockTests has each call of a move.
    [Fact]
    public async Task The_clocks_of_all_parties_may_jump_at_any_step()
    {
        using var clocks = await WrongClocks.MakeAsync(FaultPoint.Parties);
        Assert.SkipWhen(clocks is null, "Not installed: gcc.");
        await using var deployment = await LiveDeployment.StartAsync(Setup with { Environment = clocks.Environment });

        await RunTogetherAsync(deployment, new Fault.Jumped(clocks, source: SixMinutes, target: -SixMinutes, control: Years));

        if (FaultRound.IsLongSearch)
        {
            await RunTogetherAsync(deployment, new Fault.Jumped(clocks, source: -SixMinutes, target: SixMinutes, control: -Years));
            foreach (var by in (TimeSpan[])[SixMinutes, -SixMinutes])
            {
                await RunTogetherAsync(deployment, new Fault.Jumped(clocks, source: by, target: default, control: default));
                await RunTogetherAsync(deployment, new Fault.Jumped(clocks, source: default, target: by, control: default));
                await RunTogetherAsync(deployment, new Fault.Jumped(clocks, source: default, target: default, control: by));
            }
        }
    }
}

public sealed class RotTests : FaultMatrixTests
{
    // Goal: of an account whose files vanish or rot while a region is down, at whatever step of its move, nothing false is served
    // or carried on; doctor names it; with its files put back all goes on. Method: every second account is damaged, each in
    // its way; the others go on meanwhile.
    [Fact]
    public async Task The_files_of_accounts_may_vanish_or_rot_at_any_step()
    {
        await using var deployment = await LiveDeployment.StartAsync(Setup);
        foreach (var party in FaultRound.IsLongSearch ? (string[])[FaultPoint.Source, FaultPoint.Target] : [FaultPoint.Source])
        {
            var troubles = await FaultRound.RunAsync(deployment, party, new Fault.Rotten());
            Assert.True(troubles.Count == 0, string.Join("\n", troubles));
        }
    }
}
