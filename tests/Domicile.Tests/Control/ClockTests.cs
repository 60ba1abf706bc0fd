using Domicile.Accounts;
using Domicile.Control;
using Domicile.Moves;
using Domicile.Proofs.Receipts;
using Domicile.Tests.Moves;
using Xunit;
using static Domicile.Tests.Control.TestControl;

namespace Domicile.Tests.Control;

/// <summary>Clocks that are wrong, or jump in mid-move: nothing is locked in, and each receipt that is made verifies.</summary>
public sealed class ClockTests
{
    private static readonly TimeSpan SixMinutes = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan Years = TimeSpan.FromDays(1_000);

    // Each call of a move, in its order.
    private static readonly string[] Calls = ["prepare", "arrive", "seal", "drain", "depart", "activate", "settle", "erase", "endHandOvers"];

    [Fact]
    public async Task A_move_waits_for_clocks_before_it_stops_any_write()
    {
        await using var world = await World.StartAsync();
        var account = (await world.Control.AddAsync("IN", "beijing")).Account;
        world.Source.Off = SixMinutes;
        await world.Control.PushAsync();
        var move = Done(await world.Control.Desk.Moves.MoveAsync(new NewMove(account, "singapore", null), Cancelled)).Move;

        var trouble = await world.TroubleAsync(move);

        Assert.Contains("The clock of region beijing is 36", trouble, StringComparison.Ordinal);
        Assert.Equal(MoveState.Copying, world.Control.Desk.MoveDesk.Find(move)!.State);
        Assert.Contains(
            (await world.Control.Desk.Doctor.ExamineAsync(Cancelled)).Findings,
            finding => finding.Status == "error" && finding.Finding.Contains("moves wait", StringComparison.Ordinal));
        world.Source.Off = TimeSpan.Zero;
        Assert.Equal(MoveState.Done, (await world.Control.EndAsync(move)).State);
    }

    public static TheoryData<string, string> Jumps()
    {
        var all = new TheoryData<string, string>();
        foreach (var call in Calls)
        {
            foreach (var party in (string[])["source", "target", "control"])
            {
                all.Add(call, party);
            }
        }

        return all;
    }

    // Goal: whoever's clock jumps, at whatever step, either way: when it is right again the account goes on living, moves with a proof, and can be erased.
    [Theory]
    [MemberData(nameof(Jumps))]
    public async Task A_clock_that_jumps_at_any_step_locks_no_account_in(string call, string party)
    {
        await using var world = await World.StartAsync();
        foreach (var by in (TimeSpan[])[SixMinutes, -SixMinutes, Years, -Years])
        {
            foreach (var isAnswer in (bool[])[false, true])
            {
                var account = (await world.Control.AddAsync("IN", "beijing")).Account;
                world.JumpAt(call, isAnswer, party, by);
                await world.Control.PushAsync();
                var move = Done(await world.Control.Desk.Moves.MoveAsync(new NewMove(account, "singapore", null), Cancelled)).Move;
                await world.OverOrTroubledAsync(move);
                world.SetRight();

                var over = await world.Control.EndAsync(move);
                Assert.True(over.State is MoveState.Done or MoveState.Aborted, $"{by}, {isAnswer}: {over.State}, {over.Reason}");
                var done = over.State == MoveState.Done ? over : await world.MoveAgainAsync(account);
                await world.AssertProvenAsync(done);
                Done(await world.Control.Desk.Erasures.EraseAsync(account, Cancelled));
            }
        }
    }

    /// <summary>Control and two regions, each with a clock of its own.</summary>
    private sealed class World : IAsyncDisposable
    {
        private readonly SetTime _control;
        private readonly Dictionary<RegionName, SetTime> _regions;

        private World(SetTime control, Dictionary<RegionName, SetTime> regions) => (_control, _regions) = (control, regions);

        public TestControl Control { get; private set; } = null!;

        public SetTime Source => _regions[TestDeployment.Beijing];

        public static async Task<World> StartAsync()
        {
            var origin = new SetTime.Origin();
            var world = new World(
                new SetTime(origin), TestDeployment.Facts.ToDictionary(facts => facts.Name, _ => new SetTime(origin)));
            world.Control = await TestControl.StartAsync(world._control, name => world._regions[name]);
            return world;
        }

        /// <summary>The clock jumps once, at the next such call.</summary>
        public void JumpAt(string call, bool isAnswer, string party, TimeSpan by)
        {
            var clock = party == "control" ? _control
                : _regions[party == "source" ? TestDeployment.Beijing : TestDeployment.Singapore];
            Control.Faults.Reached = (_, reached, wasAnswer) =>
            {
                if (reached == call && wasAnswer == isAnswer)
                {
                    Control.Faults.Reached = (_, _, _) => { };
                    clock.Off = by;
                }
            };
        }

        public void SetRight()
        {
            Control.Faults.Reached = (_, _, _) => { };
            foreach (var clock in _regions.Values.Append(_control))
            {
                clock.Off = TimeSpan.Zero;
            }
        }

        public async Task<string> TroubleAsync(Guid move)
        {
            await OverOrTroubledAsync(move);
            return Control.Desk.MoveDesk.Trouble(move) ?? "";
        }

        public async Task OverOrTroubledAsync(Guid move)
        {
            var desk = Control.Desk.MoveDesk;
            for (var ticket = desk.ChangeCount; !desk.Find(move)!.IsOver && desk.Trouble(move) is null; ticket = desk.ChangeCount)
            {
                await desk.ChangedSince(ticket, Cancelled).WaitAsync(TimeSpan.FromSeconds(20), Cancelled);
            }
        }

        /// <summary>What the first move brought has to be cleared before.</summary>
        public async Task<Move> MoveAgainAsync(string account)
        {
            var store = ((RegionNode)Control.Region(TestDeployment.Singapore)).Region.Storage.Open(AccountId.Parse(account));
            for (var ticket = store.CommitCount; store.Row is { HasData: true }; ticket = store.CommitCount)
            {
                await store.ChangedSince(ticket, Cancelled).WaitAsync(TimeSpan.FromSeconds(20), Cancelled);
            }

            return await Control.MoveAsync(account, TestDeployment.Singapore);
        }

        public async Task AssertProvenAsync(Move move)
        {
            var file = Done(await Control.Desk.ReceiptAsync(move.Id, Cancelled));
            Assert.IsType<ReceiptVerification.Proven>(ReceiptVerification.Verify(file, Control.LedgerKey));
        }

        public ValueTask DisposeAsync() => Control.DisposeAsync();
    }
}
