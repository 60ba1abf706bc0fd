using System.Collections.Concurrent;
using System.Net;

namespace Domicile.Bench;

/// <summary>
/// How long writes wait while accounts move to and fro under devices that never stop: as the moves say, and as the devices
/// see it; near and far, and by how much an account holds.
/// </summary>
internal static class PauseBenchmark
{
    private const int AccountCount = 10;
    private const int MovesUsual = 1_000;
    private const int AtOnceNear = 4;
    private const double DueNearMs = 60;
    private const double DueFarMs = 720;

    private static readonly int[] ObjectsUsual = [10, 1_000, 100_000, 1_000_000];

    // So long does the runtime compile hot code again, which is the start of a process and not its life.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(15);
    private static readonly double[] NearSteps = [5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 250, double.PositiveInfinity];
    private static readonly double[] FarSteps =
        [180, 360, 400, 450, 500, 540, 580, 620, 660, 720, 800, 900, 1_200, double.PositiveInfinity];

    public static async Task<Findings> RunAsync(BenchCall call)
    {
        var phases = new List<Phase>();
        var links = call.Options.Choose("link", Distance.Names);
        var moves = call.Options.Numbers("moves", MovesUsual)[0];
        if (links.Contains(Distance.None.Name))
        {
            phases.AddRange(await MeasureNearAsync(moves, call));
        }

        if (links.Contains(Distance.Far.Name))
        {
            phases.AddRange(await MeasureFarAsync(moves, call));
        }

        var sizes = new List<(int Objects, Phase Phase)>();
        foreach (var objects in call.Options.Numbers("objects", ObjectsUsual))
        {
            sizes.Add((objects, await MeasureSizeAsync(objects, call)));
        }

        return Describe(phases, sizes);
    }

    private static async Task<IReadOnlyList<Phase>> MeasureNearAsync(int moves, BenchCall call)
    {
        await using var load = await Load.StartAsync(Distance.None, call);
        call.Say($"loopback: {moves} moves, one at a time");
        var alone = await load.MoveAsync(atOnce: 1, moves);
        call.Say($"loopback: {moves / 4} moves, {AtOnceNear} at a time");
        var together = await load.MoveAsync(AtOnceNear, moves / 4);
        await load.StopAsync();
        return
        [
            load.Take("loopback, one at a time", alone, NearSteps, DueNearMs) with { Usual = null, Requests = 0, Failed = 0 },
            load.Take($"loopback, {AtOnceNear} at a time", together, NearSteps, null),
        ];
    }

    private static async Task<IReadOnlyList<Phase>> MeasureFarAsync(int moves, BenchCall call)
    {
        await using var load = await Load.StartAsync(Distance.Far, call);
        call.Say($"long link: {moves} moves, {AccountCount} at a time");
        var all = await load.MoveAsync(AccountCount, moves);
        await load.StopAsync();
        var fromControl = all.Where(one => one.Move.From == Distance.Far.ControlBeside).ToList();
        return
        [
            load.Take("long link, control beside the source", fromControl, FarSteps, DueFarMs) with
            {
                Usual = null,
                Requests = 0,
                Failed = 0,
            },
            load.Take("long link, control beside the target", [.. all.Except(fromControl)], FarSteps, DueFarMs),
        ];
    }

    private static async Task<Phase> MeasureSizeAsync(int objects, BenchCall call)
    {
        call.Say($"an account of {Numbers.Count(objects)} objects");
        await using var load = await Load.StartAsync(Distance.None, call, accounts: 1, objects);
        var moves = objects switch { <= 1_000 => 60, <= 100_000 => 10, _ => 3 };
        var moved = await load.MoveAsync(atOnce: 1, moves);
        await load.StopAsync();
        return load.Take($"{Numbers.Count(objects)} objects", moved, NearSteps, null);
    }

    private static Findings Describe(List<Phase> phases, List<(int Objects, Phase Phase)> sizes)
    {
        var all = phases.Concat(sizes.Select(size => size.Phase)).ToList();
        var failed = all.Sum(phase => phase.Failed);
        var misses = phases.Where(phase => !(phase.Pauses.P99 < (phase.DueMs ?? double.PositiveInfinity)))
            .Select(phase => $"p99 of the pause, {phase.Name}: {Numbers.Of(phase.Pauses.P99)} ms, due < {phase.DueMs} ms").ToList();
        if (failed > 0)
        {
            misses.Add($"{failed} requests were not answered with 200");
        }

        return new Findings(
            [
                $"{AccountCount} accounts, {MovingAccount.Devices} devices each, each writes {MovingAccount.ContentBytes} bytes, "
                    + $"waits {MovingAccount.Think.TotalMilliseconds} ms and goes on, in turn through either region, while the "
                    + "accounts move there and back, each erased where it was before the next move.",
                "The pause is from asking the source for the seal to the source's word that requests may follow, and is in the "
                    + "move's receipt. The longest wait is that of any request of the account's devices that was under way in "
                    + "the pause; on the long link half of the requests go over it and back.",
                $"The long link: {Distance.Far.Title}, between Singapore and California. Control stands beside Singapore.",
                $"{Numbers.Count(all.Sum(phase => phase.Requests))} requests, {failed} not answered with 200. Load average of the "
                    + $"machine {Numbers.Of(Machine.Load())}.",
            ],
            [
                new FindingsTable(
                    "Milliseconds", ["", "of", "p50", "p90", "p99", "max"],
                    [.. phases.SelectMany(phase => phase.Rows())]),
                new FindingsTable(
                    "By how much the account holds, on loopback, one at a time, milliseconds",
                    ["", "of", "p50", "p90", "p99", "max", "copy s"],
                    [.. sizes.Select(size => size.Phase.SizeRow())]),
            ],
            all.SelectMany(phase => phase.Figures()).ToDictionary(), misses)
        {
            Charts = [.. phases.Select(phase => FindingsChart.Histogram($"The pause, {phase.Name}", phase.Pauses, phase.Steps))],
        };
    }

    /// <summary>What was measured under one load.</summary>
    private sealed record Phase(
        string Name, Spread Pauses, Spread Waits, Spread Copies, Spread? Usual, int Requests, int Failed, double[] Steps,
        double? DueMs)
    {
        public IEnumerable<string[]> Rows()
            => [Row($"pause, {Name}", Pauses), Row("longest wait in it", Waits), .. Usual is null ? [] : (string[][])[Row("any request", Usual)]];

        public string[] SizeRow() => [.. Row(Name, Pauses), Numbers.Of(Copies.P50 / 1000)];

        public IEnumerable<KeyValuePair<string, double>> Figures()
            =>
            [
                new($"{Name}.moves", Pauses.Count), new($"{Name}.pauseP50Ms", Pauses.P50), new($"{Name}.pauseP99Ms", Pauses.P99),
                new($"{Name}.pauseMaxMs", Pauses.Max), new($"{Name}.waitP99Ms", Waits.P99), new($"{Name}.requests", Requests),
                new($"{Name}.failed", Failed),
            ];

        private static string[] Row(string name, Spread spread)
            =>
            [
                name, Numbers.Count(spread.Count), Numbers.Of(spread.P50), Numbers.Of(spread.P90), Numbers.Of(spread.P99),
                Numbers.Of(spread.Max),
            ];
    }

    /// <summary>Accounts whose devices write, in a deployment of their own, warmed up.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly TestBed _bed;
        private readonly IReadOnlyList<MovingAccount> _accounts;
        private readonly BenchCall _call;

        private Load(TestBed bed, IReadOnlyList<MovingAccount> accounts, BenchCall call)
            => (_bed, _accounts, _call) = (bed, accounts, call);

        public static async Task<Load> StartAsync(
            Distance distance, BenchCall call, int accounts = AccountCount, int objects = 0)
        {
            var bed = await TestBed.StartAsync(call, distance);
            var load = new Load(bed, [], call);
            try
            {
                // What fills the store starts the region again, so what warms up comes after it.
                var filled = new List<MovingAccount>();
                load = new Load(bed, filled, call);
                for (var index = 0; index < accounts; index++)
                {
                    filled.Add(await MovingAccount.AddAsync(bed, call, objects));
                }

                await load.WarmUpAsync();
                filled.ForEach(account => account.StartDevices());
                return load;
            }
            catch
            {
                await load.DisposeAsync();
                throw;
            }
        }

        /// <summary>So many moves; lanes share no account.</summary>
        public async Task<List<AccountMove>> MoveAsync(int atOnce, int moves)
        {
            var moved = new ConcurrentQueue<AccountMove>();
            var left = moves;
            await _bed.ApplyAsync(null, Math.Max(atOnce, 1));
            await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async lane =>
            {
                var mine = _accounts.Where((_, at) => at % atOnce == lane).ToList();
                for (var turn = 0; Interlocked.Decrement(ref left) >= 0; turn++)
                {
                    moved.Enqueue(await mine[turn % mine.Count].MoveAsync(_bed));
                    if (moved.Count % 100 == 0)
                    {
                        _call.Say($"{moved.Count} moves");
                    }
                }
            }));
            return [.. moved];
        }

        public Task StopAsync() => Task.WhenAll(_accounts.Select(account => account.StopDevicesAsync()));

        public Phase Take(string name, IReadOnlyList<AccountMove> moved, double[] steps, double? dueMs)
        {
            var answers = _accounts.SelectMany(account => account.Answers).ToList();
            return new Phase(
                name, new Spread(moved.Select(one => one.Move.PauseMs!.Value)),
                new Spread(moved.Select(one => one.Account.LongestWaitIn(one.Move)).OfType<double>()),
                new Spread(moved.Select(one => one.Move.CopyMs).OfType<double>()),
                new Spread(answers.Select(answer => answer.Took.TotalMilliseconds)), answers.Count,
                answers.Count(answer => answer.Status != HttpStatusCode.OK), steps, dueMs);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var account in _accounts)
            {
                await account.DisposeAsync();
            }

            await _bed.DisposeAsync();
        }

        // With accounts that nobody looks at.
        private async Task WarmUpAsync()
        {
            _call.Say($"{WarmUp.TotalSeconds} s of moves to warm up");
            await using var first = await MovingAccount.AddAsync(_bed, _call);
            await using var second = await MovingAccount.AddAsync(_bed, _call);
            var begun = _call.Time.GetTimestamp();
            await Task.WhenAll(new[] { first, second }.Select(async account =>
            {
                account.StartDevices();
                while (_call.Time.GetElapsedTime(begun) < WarmUp)
                {
                    await account.MoveAsync(_bed);
                }
            }));
            await Task.WhenAll(first.StopDevicesAsync(), second.StopDevicesAsync());
        }
    }
}
