using System.Collections.Concurrent;
using System.Net;
using Domicile.Control;

namespace Domicile.Bench;

/// <summary>
/// How long writes wait while accounts move to and fro under devices that never stop: as the moves say, and as the devices
/// see it.
/// </summary>
internal static class PauseBenchmark
{
    private const int AccountCount = 10;
    private const int DevicesEach = 5;
    private const int ContentBytes = 2_048;
    private const int KeysEach = 16;
    private const double DueMs = 250;

    private static readonly TimeSpan Think = TimeSpan.FromMilliseconds(200);
    // So long does the runtime compile hot code again, which is the start of a process and not its life.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(20);
    private static readonly double[] Steps = [5, 10, 20, 30, 50, 75, 100, 150, 250, 500, double.PositiveInfinity];

    public static async Task<Findings> RunAsync(BenchCall call)
    {
        await using var bed = await TestBed.StartAsync(call);
        var accounts = new List<MovingAccount>();
        for (var index = 0; index < AccountCount; index++)
        {
            accounts.Add(await MovingAccount.AddAsync(bed, call));
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(call.Stop);
        var devices = accounts.SelectMany(account => Enumerable.Range(0, DevicesEach).Select(
            number => RunDeviceAsync(account, number, call, stop.Token))).ToList();
        try
        {
            call.Say($"{devices.Count} devices write; {WarmUp.TotalSeconds} s of moves to warm up");
            await MoveAsync(bed, accounts, atOnce: 2, WarmUp, call);
            call.Say("one move at a time");
            var begun = call.Time.GetTimestamp();
            var processorMs = bed.ProcessorMs();
            var alone = await MoveAsync(bed, accounts, atOnce: 1, Phase, call);
            call.Say("four moves at a time");
            var together = await MoveAsync(bed, accounts, atOnce: 4, Phase, call);
            var busy = (bed.ProcessorMs() - processorMs) / call.Time.GetElapsedTime(begun).TotalMilliseconds;
            await stop.CancelAsync();
            await Task.WhenAll(devices);
            return Describe(accounts, alone, together, busy);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(devices).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            accounts.ForEach(account => account.Dispose());
        }
    }

    // One request after the other, through either region: half of them are relayed, whoever is the home.
    private static async Task RunDeviceAsync(MovingAccount account, int number, BenchCall call, CancellationToken stop)
    {
        var content = new byte[ContentBytes];
        for (var turn = number; !stop.IsCancellationRequested; turn++)
        {
            var start = call.Time.GetUtcNow();
            var begun = call.Time.GetTimestamp();
            var (status, _) = await account.Links[turn % account.Links.Count].ExchangeAsync(
                HttpMethod.Put, $"/backup/device-{number}/{turn % KeysEach}", new ByteArrayContent(content), call.Stop);
            account.Answers.Enqueue(new Answer(start, call.Time.GetElapsedTime(begun), status));
            await Task.Delay(Think, call.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Homes are remembered by account, so the lanes of each call must be the only ones.
    private static async Task<List<MoveView>> MoveAsync(
        TestBed bed, List<MovingAccount> accounts, int atOnce, TimeSpan atLeast, BenchCall call)
    {
        var moves = new ConcurrentQueue<MoveView>();
        var begun = call.Time.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async lane =>
        {
            for (var index = lane; call.Time.GetElapsedTime(begun) < atLeast; index += atOnce)
            {
                // Lanes share no account: their number divides the step from one account to its next turn.
                var mine = accounts.Where((_, at) => at % atOnce == lane).ToList();
                moves.Enqueue(await mine[index / atOnce % mine.Count].MoveAsync(bed));
            }
        }));
        return [.. moves];
    }

    private static Findings Describe(
        List<MovingAccount> accounts, List<MoveView> alone, List<MoveView> together, double busy)
    {
        var pauses = (Alone: Pauses(alone), Together: Pauses(together));
        var waits = (Alone: Waits(accounts, alone), Together: Waits(accounts, together));
        var answers = accounts.SelectMany(account => account.Answers).ToList();
        var usual = new Spread(answers.Select(answer => answer.Took.TotalMilliseconds));
        var failures = answers.Count(answer => answer.Status != HttpStatusCode.OK);
        var misses = new List<string>();
        Check(pauses.Alone.P99 < DueMs, $"p99 of the pause is {Numbers.Of(pauses.Alone.P99)} ms, due < {DueMs} ms");
        Check(failures == 0, $"{failures} requests were not answered with 200");
        return new Findings(
            [
                $"{AccountCount} accounts, {DevicesEach} devices each, each writes {ContentBytes} bytes, waits "
                    + $"{Think.TotalMilliseconds} ms and goes on, in turn through either region, while the accounts move there "
                    + "and back, each erased where it was before the next move.",
                $"{Numbers.Count(answers.Count)} requests, {failures} not answered with 200. The deployment "
                    + $"used {Numbers.Of(busy)} cores; load average of the machine {Numbers.Of(Machine.Load())}.",
                "The pause is from asking the source for the seal to the source's word that requests may follow. The longest "
                    + "wait is that of any request of the account's devices that was under way in the pause.",
            ],
            [
                new FindingsTable(
                    "Milliseconds", ["", "of", "p50", "p90", "p99", "max"],
                    [
                        Row("pause, one move at a time", pauses.Alone), Row("longest wait in it", waits.Alone),
                        Row("pause, four at a time", pauses.Together), Row("longest wait in it", waits.Together),
                        Row("any request", usual),
                    ]),
                Histogram(pauses.Alone, waits.Alone, pauses.Together, waits.Together),
            ],
            Figures(pauses, waits, busy), misses);

        void Check(bool isMet, string miss)
        {
            if (!isMet)
            {
                misses.Add(miss);
            }
        }
    }

    private static Dictionary<string, double> Figures(
        (Spread Alone, Spread Together) pauses, (Spread Alone, Spread Together) waits, double busy)
        => new()
        {
            ["pause.alone.p50Ms"] = pauses.Alone.P50,
            ["pause.alone.p99Ms"] = pauses.Alone.P99,
            ["pause.alone.maxMs"] = pauses.Alone.Max,
            ["pause.alone.moves"] = pauses.Alone.Count,
            ["wait.alone.p50Ms"] = waits.Alone.P50,
            ["wait.alone.p99Ms"] = waits.Alone.P99,
            ["pause.together.p50Ms"] = pauses.Together.P50,
            ["pause.together.p99Ms"] = pauses.Together.P99,
            ["pause.together.maxMs"] = pauses.Together.Max,
            ["pause.together.moves"] = pauses.Together.Count,
            ["wait.together.p50Ms"] = waits.Together.P50,
            ["wait.together.p99Ms"] = waits.Together.P99,
            ["coresBusy"] = busy,
        };

    private static Spread Pauses(List<MoveView> moves) => new(moves.Select(move => move.PauseMs!.Value));

    private static Spread Waits(List<MovingAccount> accounts, List<MoveView> moves)
    {
        var byId = accounts.ToDictionary(account => account.Id);
        return new Spread(moves.Select(move => byId[move.Account].LongestWaitIn(move)).OfType<double>());
    }

    private static string[] Row(string name, Spread spread)
        =>
        [
            name, Numbers.Count(spread.Count), Numbers.Of(spread.P50), Numbers.Of(spread.P90), Numbers.Of(spread.P99),
            Numbers.Of(spread.Max),
        ];

    private static FindingsTable Histogram(params Spread[] spreads)
        => new(
            "How many of them took up to",
            ["ms", "pause, one at a time", "longest wait", "pause, four at a time", "longest wait"],
            [
                .. Steps.Select((step, index) => (string[])
                [
                    double.IsPositiveInfinity(step) ? "more" : Numbers.Of(step),
                    .. spreads.Select(spread =>
                        Numbers.Count(spread.CountUpTo(step) - (index == 0 ? 0 : spread.CountUpTo(Steps[index - 1])))),
                ]),
            ]);

    private sealed record Answer(DateTimeOffset Start, TimeSpan Took, HttpStatusCode Status);

    /// <summary>An account whose devices write, and where it is.</summary>
    private sealed class MovingAccount(NewAccountView account, IReadOnlyList<S3Link> links) : IDisposable
    {
        private string _home = TestBed.Singapore;

        public string Id => account.Account;

        public IReadOnlyList<S3Link> Links => links;

        public ConcurrentQueue<Answer> Answers { get; } = new();

        public static async Task<MovingAccount> AddAsync(TestBed bed, BenchCall call)
        {
            var account = await bed.AddAccountAsync(TestBed.Singapore);
            string[] regions = [TestBed.Singapore, TestBed.California];
            var links = regions.Select(region => bed.Connect(account, region, DevicesEach)).ToList();
            await links[0].DoAsync(HttpMethod.Put, "/backup", null, call.Stop);
            return new MovingAccount(account, links);
        }

        public async Task<MoveView> MoveAsync(TestBed bed)
        {
            var to = _home == TestBed.Singapore ? TestBed.California : TestBed.Singapore;
            var move = await bed.MoveAsync(account, to);
            _home = to;
            return move;
        }

        // Clocks of control and devices are the same here. Null: no device wanted anything in that time.
        public double? LongestWaitIn(MoveView move)
        {
            var end = move.ActivatedAt!.Value;
            var begin = end - TimeSpan.FromMilliseconds(move.PauseMs!.Value);
            return Answers.Where(answer => answer.Start < end && answer.Start + answer.Took > begin)
                .Select(answer => (double?)answer.Took.TotalMilliseconds).Max();
        }

        public void Dispose() => links.ToList().ForEach(link => link.Dispose());
    }
}
