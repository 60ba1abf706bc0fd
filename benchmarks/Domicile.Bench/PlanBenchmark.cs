using Domicile.Control;

namespace Domicile.Bench;

/// <summary>
/// What a plan says that applying takes, and what it then takes: in a new deployment, and after it has measured some moves of
/// its own.
/// </summary>
internal static class PlanBenchmark
{
    private const int AccountsEach = 3;
    private const int RoundTrips = 2;
    private const double DueShare = 0.25;

    // Where no link limits it, so many times as many objects, or all would be over in a second.
    private const int TimesNear = 4;

    private static readonly IReadOnlyList<Kind> Kinds =
    [
        new("small", "3 accounts of 3,000 × 4 KiB", [[new(3_000, 4 << 10)]]),
        new("large", "3 accounts of 4 × 32 MiB", [[new(4, 32 << 20)]]),
        new("mixed", "3 accounts of 1,000 × 4 KiB, 100 × 256 KiB and 1 × 64 MiB", [[new(1_000, 4 << 10), new(100, 256 << 10), new(1, 64 << 20)]]),
        new(
            "each", "9 accounts, 3 of each", [[new(3_000, 4 << 10)], [new(4, 32 << 20)], [new(1_000, 4 << 10), new(100, 256 << 10), new(1, 64 << 20)]]),
    ];

    private const int WarmUpTurns = 3;
    private const string WarmUpResidence = "FR";
    private static readonly (int Count, int Bytes)[] WarmUp = [(2_000, 4 << 10), (8, 32 << 20)];
    private static readonly string[] WarmUpWay = [TestBed.Beijing, TestBed.California, TestBed.Beijing, TestBed.Singapore];

    private static readonly string[] When = ["first", "first, back", "learned", "learned, back"];

    public static async Task<Findings> RunAsync(BenchCall call)
    {
        var scale = call.Options.Numbers("scale", 1)[0];
        var rows = new List<string[]>();
        var figures = new Dictionary<string, double>();
        var misses = new List<string>();
        foreach (var link in call.Options.Choose("link", Distance.Names).Select(Distance.Named))
        {
            foreach (var name in call.Options.Choose("case", [.. Kinds.Select(kind => kind.Name)]))
            {
                var kind = Kinds.Single(kind => kind.Name == name);
                var trips = await MeasureAsync(link, kind, scale, call);
                rows.AddRange(trips.Select((trip, at) => trip.Row(link, kind, When[at])));
                for (var at = 0; at < trips.Count; at++)
                {
                    var key = $"{link.Name}.{kind.Name}.{When[at]}";
                    (figures[$"{key}.planSeconds"], figures[$"{key}.seconds"]) = (trips[at].Planned, trips[at].Took);
                    figures[$"{key}.errorPercent"] = 100 * trips[at].Error;
                    if (Math.Abs(trips[at].Error) > DueShare)
                    {
                        misses.Add($"{key}: {Percent(trips[at].Error)}, due within {100 * DueShare:0} %");
                    }
                }
            }
        }

        return new Findings(
            [
                "`plan --at-once 4` from Singapore to California, then `apply --at-once 4`, from asking for it to the last receipt; "
                    + "then back, and both again. First: a deployment that has measured nothing but the link. There and back "
                    + "are two pairs of regions; the first way back goes by the way there, where control is as far from both.",
                "Its processes have moved two accounts before, by way of a third region: the first moves after a start are slower.",
                $"Loopback: {TimesNear} times as many objects as the rows say.",
                "Worst while it ran: how far what was left, as a move said it, was from what was then really left, at worst and "
                    + "in the middle, as a share of the whole; of moves that took 3 s and more. Looked at every 250 ms.",
                "Control stands beside Singapore. Errors: above 0 the plan said too much.",
                $"Load average at the end {Numbers.Of(Machine.Load())}.",
            ],
            [
                new FindingsTable(
                    "Plan and apply",
                    ["", "plan s", "apply s", "error %", "left: error % p50", "max"], rows),
            ],
            figures, misses);
    }

    private static async Task<List<Trip>> MeasureAsync(Distance link, Kind kind, int scale, BenchCall call)
    {
        await using var bed = await TestBed.StartAsync(call, link);
        var times = link.Terms is null ? TimesNear : 1;
        call.Say($"{link.Name}, {kind.Name}: filling accounts");
        foreach (var sets in kind.Accounts)
        {
            for (var number = 0; number < AccountsEach; number++)
            {
                var account = await bed.AddAccountAsync(TestBed.Singapore);
                await FillAccount.MakeBucketAsync(bed, account, versioned: false, call);
                foreach (var (set, at) in sets.Select((set, at) => (set, at)))
                {
                    await FillAccount.RunAsync(bed, account, $"{at}/", Math.Max(1, set.Count * times / scale), set.Bytes, call);
                }
            }
        }

        await WarmUpAsync(bed, call);
        var trips = new List<Trip>();
        for (var at = 0; at < 2 * RoundTrips; at++)
        {
            var policy = PolicyOf(at % 2 == 0 ? "US" : "SG");
            var plan = await bed.PlanAsync(policy, atOnce: 4);
            call.Say($"{link.Name}, {kind.Name}, {When[at]}: plan says {Numbers.Of(plan.EstimatedSeconds)} s");
            var begun = call.Time.GetTimestamp();
            var applied = await bed.ApplyAsync(policy, atOnce: 4);
            var watches = applied.Moves.Select(move => WatchAsync(bed, move, call)).ToList();
            var watched = await Task.WhenAll(watches);
            var trip = new Trip(
                plan, call.Time.GetElapsedTime(begun).TotalSeconds, watched);
            var turns = string.Join(", ", watched.Select(one => $"{one.Move.CopyMs / 1000:0.0} + {one.Move.EraseMs / 1000:0.0}"));
            call.Say($"{link.Name}, {kind.Name}, {When[at]}: took {Numbers.Of(trip.Took)} s, {Percent(trip.Error)} ({turns})");
            trips.Add(trip);
        }

        return trips;
    }

    // As long as the runtime compiles the code of a move, moves are slower than they will be. By way of a third region, so that
    // nothing is learned of the two.
    private static async Task WarmUpAsync(TestBed bed, BenchCall call)
    {
        call.Say("warming up");
        await bed.ApplyAsync(PolicyOf("SG"), atOnce: 4);
        var accounts = new List<NewAccountView>();
        foreach (var (count, bytes) in WarmUp)
        {
            accounts.Add(await bed.AddAccountAsync(TestBed.Singapore, WarmUpResidence));
            await FillAccount.MakeBucketAsync(bed, accounts[^1], versioned: false, call);
            await FillAccount.RunAsync(bed, accounts[^1], "", count, bytes, call);
        }

        for (var turn = 0; turn < WarmUpTurns; turn++)
        {
            foreach (var region in WarmUpWay)
            {
                await Task.WhenAll(accounts.Select(account => bed.MoveAsync(account, region)));
            }
        }
    }

    private static async Task<Watched> WatchAsync(TestBed bed, Guid id, BenchCall call)
    {
        var seen = new List<(long At, double Left)>();
        var moveBegun = 0L;
        string? lastTrouble = null;
        var move = await bed.EndOfAsync(id, view =>
        {
            var now = call.Time.GetTimestamp();
            moveBegun = moveBegun == 0 && view.State != "planned" ? now : moveBegun;
            if (view.RemainingSeconds is { } left)
            {
                seen.Add((now, left));
            }

            // What was disturbed teaches nothing and is no measure of estimates: say what it was.
            if (view.Trouble is { } trouble && trouble != lastTrouble)
            {
                lastTrouble = trouble;
                call.Say($"{view.Account}, {view.State}: {trouble}");
            }
        });
        var ended = call.Time.GetTimestamp();
        var took = call.Time.GetElapsedTime(moveBegun, ended).TotalSeconds;
        return new Watched(
            move, took, seen.ConvertAll(look => Math.Abs(look.Left - call.Time.GetElapsedTime(look.At, ended).TotalSeconds)));
    }

    private static string PolicyOf(string country)
        => $"""
            version: 1
            rules:
              - name: What warms up may be anywhere
                when:
                  residence: {WarmUpResidence}
                allow:
                  countries: [SG, US, CN]
              - name: All to one place
                when:
                  residence: "*"
                allow:
                  countries: [{country}]
            """;

    private static string Percent(double share) => Numbers.Of(100 * share) + " %";

    private sealed record Set(int Count, int Bytes);

    private sealed record Kind(string Name, string Title, Set[][] Accounts);

    /// <param name="Took">Seconds from its turn to its end.</param>
    /// <param name="Strays">Seconds by which what it said was left was wrong.</param>
    private sealed record Watched(MoveView Move, double Took, IReadOnlyList<double> Strays);

    private sealed record Trip(PlanView Plan, double Took, IReadOnlyList<Watched> Moves)
    {
        private const double LongSeconds = 3;

        public double Planned => Plan.EstimatedSeconds;

        public double Error => (Planned - Took) / Took;

        public string[] Row(Distance link, Kind kind, string when)
        {
            var left = new Spread(
                Moves.Where(one => one.Took >= LongSeconds).SelectMany(one => one.Strays.Select(stray => 100 * stray / Took)));
            return
            [
                $"{link.Name}, {kind.Title}: {when}", Numbers.Of(Planned), Numbers.Of(Took), Numbers.Of(100 * Error),
                Cell(left.P50), Cell(left.Max),
            ];
        }

        private static string Cell(double percent) => double.IsNaN(percent) ? "" : Numbers.Of(percent);
    }
}
