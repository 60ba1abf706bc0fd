using System.Globalization;
using Xunit;

namespace Domicile.Simulation;

public sealed class SimulationTests(ITestOutputHelper output)
{
    /// <summary>How many seeds, or which: <c>20000</c> or <c>500..900</c>.</summary>
    private const string Switch = "DOMICILE_SEEDS";

    private const ulong SeedsByDefault = 3_000;

    // Goal: no order of messages, losses, crashes and requests that a seed makes violates an invariant of docs/protocols/move.md.
    // Method: worlds on one thread each, drawn from seeds 1, 2, 3, …; a failure names its seed and brings its trace.
    [Fact]
    public void Every_seed_keeps_the_protocols_invariants()
    {
        var (from, to) = Range();
        var batch = Batch.Run(from, to, isEnough: _ => true);
        Report(batch);
        Assert.True(batch.Failed.Count == 0, string.Join("\n\n", batch.Failed.Select(Explain)));
        Assert.True(batch.Counts is { Activations: > 0, Crashes: > 0, LostCommits: > 0, Lost: > 0, HandOvers: > 0, Lies: > 0, Jumps: > 0, Rots: > 0, Fills: > 0 });
    }

    [Fact]
    public void A_seed_happens_the_same_way_each_time()
    {
        using var one = new Workbench();
        using var other = new Workbench();
        foreach (var seed in Enumerable.Range(1, 50).Select(i => (ulong)(i * 7919)))
        {
            var first = Simulation.Run(seed, one, isTraced: true);
            var second = Simulation.Run(seed, other, isTraced: true);
            Assert.Equal(first.Trace, second.Trace);
            Assert.Equal(first.Hash, second.Hash);
        }
    }

    private static string Explain(Outcome failed)
    {
        using var bench = new Workbench();
        var again = Simulation.Run(failed.Seed, bench, isTraced: true);
        return $"seed {failed.Seed}: {failed.What}\n{string.Join('\n', again.Trace)}\n"
            + $"seed {failed.Seed}: {failed.Violated}; again: {again.Violated ?? "nothing"}. See it with\n"
            + $"    dotnet artifacts/bin/Domicile.Simulation/release/Domicile.Simulation.dll --seed {failed.Seed}";
    }

    private static (ulong From, ulong To) Range()
    {
        var ends = (Environment.GetEnvironmentVariable(Switch) ?? "").Split("..");
        var numbers = ends.Select(end => ulong.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0).ToList();
        return numbers switch
        {
            [> 0, > 0] => (numbers[0], numbers[1]),
            [> 0] => (1, numbers[0]),
            _ => (1, SeedsByDefault),
        };
    }

    // One line for whoever runs ./test.
    private void Report(Batch batch)
    {
        var counts = batch.Counts;
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"simulation: {batch.Done:N0} seeds, {counts.Steps:N0} steps, {counts.Moves:N0} moves, {counts.Crashes:N0} crashes, {counts.LostCommits:N0} commits lost by them, {counts.Lost:N0} of {counts.Messages:N0} messages lost, {counts.HandOvers:N0} hand-overs, {counts.Lies:N0} lies of hostile regions, {counts.Jumps:N0} jumps of clocks, {counts.Rots:N0} accounts' files rotten, {counts.Fills:N0} disks filled, {counts.Writes:N0} writes checked");
        output.WriteLine(line);
        Repository.SayCovered("simulation", line);
    }
}
