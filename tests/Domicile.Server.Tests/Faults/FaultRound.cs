using System.Diagnostics;
using Domicile.Control;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.Faults;

/// <summary>
/// One fault of one party, at every point of a move at once: each point has an account of its own, whose move stands there
/// when the fault begins and goes on into it.
/// </summary>
internal static class FaultRound
{
    private const int AtOnce = 8;

    private static readonly string[] Over = ["done", "aborted", "failed"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>Whether what one round says for several faults together is asked of each by itself: DOMICILE_FAULTS=all.</summary>
    public static bool IsLongSearch => Environment.GetEnvironmentVariable("DOMICILE_FAULTS") == "all";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <param name="among">Of which points; null for all.</param>
    /// <returns>What is wrong.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(
        LiveDeployment deployment, string party, Fault fault, IReadOnlyList<FaultPoint>? among = null)
    {
        var time = Stopwatch.StartNew();
        await deployment.Control.ApplyAsync(ControlLimits.AtOnceMax);
        var points = among ?? (fault is Fault.Killed ? FaultPoint.All : FaultPoint.Apart);
        var cases = new FaultCase[points.Count];
        try
        {
            await EachAsync(cases.Length, async number =>
                cases[number] = await FaultCase.BeginAsync(deployment, points[number], seed: number));
            var begun = time.Elapsed;
            await Task.WhenAll(cases.Select(one => one.ReachAsync()));
            var reached = time.Elapsed;
            await fault.BeginAsync(deployment, party);
            cases.ToList().ForEach(one => one.Release());
            await Task.Delay(fault.Lasts, TimeProvider.System, Cancelled);
            await fault.EndAsync(deployment, party);
            var healed = time.Elapsed;
            var ends = await EndsAsync(deployment, [.. cases.Select(one => one.Move)]);
            var ended = time.Elapsed;
            var troubles = await Task.WhenAll(cases.Select(one => one.GoOnAsync()));
            var gone = time.Elapsed;
            await EachAsync(cases.Length, async number =>
                troubles[number] = [.. troubles[number], .. await cases[number].JudgeAsync(ends[cases[number].Move])]);
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{party} {fault.Name}: {cases.Length} moves, {ends.Values.Count(end => end.State == "done")} done; begun {begun.TotalSeconds:0.0}, reached "
                + $"{reached.TotalSeconds:0.0} s, healed {healed.TotalSeconds:0.0}, ended {ended.TotalSeconds:0.0}, gone on {gone.TotalSeconds:0.0}, judged "
                + $"{time.Elapsed.TotalSeconds:0.0}");
            FaultCoverage.Add(fault.Name, cases.Length);
            return [.. cases.SelectMany((one, number) => troubles[number].Select(
                trouble => $"{party} {fault.Name} with {one.Point}: {trouble}"))];
        }
        finally
        {
            await Task.WhenAll(cases.Where(one => one is not null).Select(one => one.DisposeAsync().AsTask()));
        }
    }

    private static async Task<Dictionary<Guid, MoveView>> EndsAsync(LiveDeployment deployment, HashSet<Guid> moves)
    {
        var time = Stopwatch.StartNew();
        while (true)
        {
            var shown = (await deployment.Control.ListMovesAsync()).Moves.Where(move => moves.Contains(move.Move)).ToList();
            if (shown.All(move => Over.Contains(move.State)) || time.Elapsed > Patience)
            {
                // One that isn't over is judged as it stands.
                return shown.ToDictionary(move => move.Move);
            }

            await Task.Delay(LookEvery, TimeProvider.System, Cancelled);
        }
    }

    private static Task EachAsync(int count, Func<int, Task> act)
        => Parallel.ForEachAsync(
            Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Cancelled },
            async (number, _) => await act(number));
}
