using System.Collections.Concurrent;
using System.Globalization;
using Domicile.Control;

namespace Domicile.Bench;

/// <summary>
/// How one deployment grows: accounts made, planned over, moved by the hundred, and used in turn. Other sizes can be chosen:
/// <c>--accounts 200000 --moves 3000 --turns 8,200,300,1000</c>.
/// </summary>
internal static class ScaleBenchmark
{
    private const int AtOnce = 32;
    private const int Creators = 8;
    private const int Askers = 8;
    private const int BatchAccounts = 200;
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Looked = TimeSpan.FromMilliseconds(200);
    private static readonly string[] Parts = ["accounts", "moves", "turns"];

    public static async Task<Findings> RunAsync(BenchCall call)
    {
        var parts = call.Options.Choose("part", Parts);
        var tables = new List<FindingsTable>();
        var figures = new Dictionary<string, double>();
        if (parts.Contains("turns"))
        {
            tables.Add(await TakeTurnsAsync(call, figures));
        }

        if (parts.Contains("accounts"))
        {
            tables.Add(await GrowAsync(call, figures));
        }

        if (parts.Contains("moves"))
        {
            tables.Add(await MoveAsync(call, figures));
        }

        return new Findings(
            [
                "Control, three regions and the clients share this machine's cores.",
                "Memory is what is resident. A PUT of 100 bytes is answered when it is fsynced.",
                $"Load average at the end {Numbers.Of(Machine.Load())}.",
            ],
            tables, figures, []);
    }

    // :: One region's accounts in turn

    private static async Task<FindingsTable> TakeTurnsAsync(BenchCall call, Dictionary<string, double> figures)
    {
        var counts = call.Options.Numbers("turns", 8, 200, 300, 1000);
        await using var bed = await TestBed.StartAsync(call);
        var accounts = await AddAsync(bed, counts.Max(), call);
        var links = bed.ConnectAll(accounts, TestBed.Singapore, Askers);
        await Parallel.ForEachAsync(links, Few(call), async (link, stop) =>
        {
            await link.DoAsync(HttpMethod.Put, "/scale", null, stop);
            await link.DoAsync(HttpMethod.Put, "/scale/one", new ByteArrayContent(new byte[100]), stop);
        });
        await InTurnAsync([.. links.Take(counts.Min())], HttpMethod.Put, call);
        var rows = new List<string[]> { (string[])["PUT/s"], (string[])["HEAD/s"] };
        foreach (var count in counts)
        {
            foreach (var (method, row) in new[] { HttpMethod.Put, HttpMethod.Head }.Zip(Enumerable.Range(0, 2)))
            {
                var perSecond = await InTurnAsync([.. links.Take(count)], method, call);
                rows[row] = [.. rows[row], Numbers.Of(perSecond)];
                figures[$"turns.{method}.{count}.perSecond"] = perSecond;
            }
        }

        links.ForEach(link => link.Dispose());
        return new FindingsTable("Accounts written or read in turn", ["", .. counts.Select(count => Numbers.Count(count))], rows);
    }

    private static async Task<double> InTurnAsync(List<S3Link> links, HttpMethod method, BenchCall call)
    {
        call.Say($"{method} of {links.Count} accounts in turn");
        var begun = call.Time.GetTimestamp();
        var (next, done) = (-1, 0);
        await Task.WhenAll(Enumerable.Range(0, Askers).Select(async _ =>
        {
            while (call.Time.GetElapsedTime(begun) < Measured)
            {
                var link = links[(int)((uint)Interlocked.Increment(ref next) % (uint)links.Count)];
                await link.DoAsync(
                    method, "/scale/one", method == HttpMethod.Put ? new ByteArrayContent(new byte[100]) : null, call.Stop);
                Interlocked.Increment(ref done);
            }
        }));
        return done / call.Time.GetElapsedTime(begun).TotalSeconds;
    }

    // :: Many accounts

    private static async Task<FindingsTable> GrowAsync(BenchCall call, Dictionary<string, double> figures)
    {
        var counts = call.Options.Numbers("accounts", 1000, 5000, 20_000);
        await using var bed = await TestBed.StartAsync(call);
        var rows = new List<List<string>>();
        var accounts = new List<NewAccountView>();
        foreach (var count in counts)
        {
            var region = bed.ProcessIdOf(TestBed.Singapore);
            var (begun, more) = (call.Time.GetTimestamp(), count - accounts.Count);
            var (controlMs, regionMs) = (Machine.ProcessorMs(bed.ProcessIdOf("control")), Machine.ProcessorMs(region));
            accounts.AddRange(await AddAsync(bed, more, call));
            var measures = new Dictionary<string, double>
            {
                ["created per second"] = more / call.Time.GetElapsedTime(begun).TotalSeconds,
                ["control's processor ms per creation"] = (Machine.ProcessorMs(bed.ProcessIdOf("control")) - controlMs) / more,
                ["region's processor ms per creation"] = (Machine.ProcessorMs(region) - regionMs) / more,
                ["plan, the first time, s"] = await SecondsAsync(() => bed.PlanAsync(Stay, AtOnce), call),
                ["plan, s"] = await SecondsAsync(() => bed.PlanAsync(Stay, AtOnce), call),
                ["apply, nothing to move, s"] = await SecondsAsync(() => bed.ApplyAsync(Stay, AtOnce), call),
                ["doctor, s"] = await SecondsAsync(() => DoctorAsync(bed, call), call),
                ["region's memory, MiB"] = Machine.MemoryMebibytes(region),
            };
            var idle = await ForegroundAsync(bed, accounts[0], null, call);
            var planned = await ForegroundAsync(bed, accounts[0], () => bed.PlanAsync(Stay, AtOnce), call);
            var examined = await ForegroundAsync(bed, accounts[0], () => DoctorAsync(bed, call), call);
            measures["PUT/s of 8 connections; p99 ms"] = idle.PerSecond;
            Put(rows, measures, figures, count);
            Put(rows, "PUT p99 ms, quiet", idle.P99, figures, count);
            Put(rows, "PUT/s while it is planned again and again", planned.PerSecond, figures, count);
            Put(rows, "PUT p99 ms meanwhile", planned.P99, figures, count);
            Put(rows, "PUT/s under repeated doctor", examined.PerSecond, figures, count);
            Put(rows, "PUT p99 ms meanwhile ", examined.P99, figures, count);
            Put(rows, "region's memory afterwards, MiB", Machine.MemoryMebibytes(region), figures, count);
            var started = call.Time.GetTimestamp();
            await bed.WithoutAsync(TestBed.Singapore, _ =>
            {
                started = call.Time.GetTimestamp();
                return Task.CompletedTask;
            });
            Put(rows, "region ready after a restart, s", call.Time.GetElapsedTime(started).TotalSeconds, figures, count);
        }

        return new FindingsTable(
            "Empty accounts in one region", ["", .. counts.Select(count => Numbers.Count(count))], rows);
    }

    private static void Put(
        List<List<string>> rows, Dictionary<string, double> measures, Dictionary<string, double> figures, int count)
    {
        foreach (var (name, value) in measures)
        {
            Put(rows, name, value, figures, count);
        }
    }

    private static void Put(List<List<string>> rows, string name, double value, Dictionary<string, double> figures, int count)
    {
        var row = rows.Find(one => one[0] == name);
        if (row is null)
        {
            rows.Add(row = [name]);
        }

        row.Add(Numbers.Of(value));
        figures[$"accounts.{count}.{name}"] = value;
    }

    private static Task<DoctorView> DoctorAsync(TestBed bed, BenchCall call)
        => bed.Control.GetAsync("doctor", ApiJson.Default.DoctorView, call.Stop);

    private static async Task<double> SecondsAsync(Func<Task> work, BenchCall call)
    {
        var begun = call.Time.GetTimestamp();
        await work();
        return call.Time.GetElapsedTime(begun).TotalSeconds;
    }

    /// <summary>PUTs of one account over some connections, while something goes on in the background, again and again.</summary>
    private static async Task<(double PerSecond, double P99)> ForegroundAsync(
        TestBed bed, NewAccountView account, Func<Task>? beside, BenchCall call)
    {
        using var link = bed.Connect(account, TestBed.Singapore, Askers);

        // The bucket may be there from the last time.
        await link.ExchangeAsync(HttpMethod.Put, "/scale", null, call.Stop);
        var latencies = new ConcurrentQueue<double>();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(call.Stop);
        var background = beside is null ? Task.CompletedTask : RepeatAsync(beside, over.Token);
        var begun = call.Time.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Askers).Select(async asker =>
        {
            for (var turn = 0; call.Time.GetElapsedTime(begun) < Measured; turn++)
            {
                var asked = call.Time.GetTimestamp();
                await link.DoAsync(HttpMethod.Put, $"/scale/{asker}-{turn % 50}", new ByteArrayContent(new byte[100]), call.Stop);
                latencies.Enqueue(call.Time.GetElapsedTime(asked).TotalMilliseconds);
            }
        }));
        var perSecond = latencies.Count / call.Time.GetElapsedTime(begun).TotalSeconds;
        await over.CancelAsync();
        await background;
        return (perSecond, new Spread(latencies).P99);
    }

    private static async Task RepeatAsync(Func<Task> work, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            await work();
        }
    }

    // :: Many moves

    private static async Task<FindingsTable> MoveAsync(BenchCall call, Dictionary<string, double> figures)
    {
        var counts = call.Options.Numbers("moves", 500, 2000);
        var rows = new List<List<string>>();
        foreach (var count in counts)
        {
            await using var bed = await TestBed.StartAsync(call);
            var accounts = await AddAsync(bed, count, call);
            await Parallel.ForEachAsync(bed.ConnectAll(accounts, TestBed.Singapore, Askers), Few(call), async (link, stop) =>
            {
                await link.DoAsync(HttpMethod.Put, "/scale", null, stop);
                for (var i = 0; i < 3; i++)
                {
                    await link.DoAsync(HttpMethod.Put, $"/scale/{i}", new ByteArrayContent(new byte[100]), stop);
                }
            });
            var memory = Machine.MemoryMebibytes(bed.ProcessIdOf(TestBed.California));
            var (begun, processorMs) = (call.Time.GetTimestamp(), bed.ProcessorMs());
            call.Say($"moving {count} accounts, {AtOnce} at once");
            var applied = await bed.ApplyAsync(Leave, AtOnce);
            var applying = call.Time.GetElapsedTime(begun);
            var open = await WatchAsync(bed, applied.Moves, call);
            var took = call.Time.GetElapsedTime(begun).TotalSeconds;
            Put(rows, "begun of those asked", applied.Moves.Count, figures, count);
            Put(rows, "apply answers after, s", applying.TotalSeconds, figures, count);
            Put(rows, "accounts/s", count / took, figures, count);
            Put(rows, "open at once, median", open.P50, figures, count);
            Put(rows, "processor ms per move, all processes", (bed.ProcessorMs() - processorMs) / count, figures, count);
            Put(rows, "target's memory before, MiB", memory, figures, count);
            Put(rows, "target's memory after, MiB", Machine.MemoryMebibytes(bed.ProcessIdOf(TestBed.California)), figures, count);
        }

        return new FindingsTable(
            string.Create(CultureInfo.InvariantCulture, $"Moves of 3 small objects each, {AtOnce} at once"),
            ["", .. counts.Select(count => Numbers.Count(count))], rows);
    }

    /// <summary>Waits for the end of all.</summary>
    /// <returns>How many had begun their turn and not ended it, at each look.</returns>
    private static async Task<Spread> WatchAsync(TestBed bed, IReadOnlyList<Guid> moves, BenchCall call)
    {
        var looks = new List<double>();
        var left = moves.ToHashSet();
        while (left.Count > 0)
        {
            var list = await ListAsync(bed, call);
            looks.Add(list.Count(move => left.Contains(move.Move) && move.EndedAt is null && move.State is not ("planned" or "erasing")));
            var ended = list.Where(move => move.EndedAt is not null).Select(move => move.Move).ToHashSet();
            left.RemoveWhere(ended.Contains);
            if (list.FirstOrDefault(move => move.State is "failed" or "aborted") is { } broken)
            {
                throw new BenchmarkFailedException($"Move {broken.Move} ended as {broken.State}: {broken.Reason}");
            }

            await Task.Delay(Looked, call.Time, call.Stop);
        }

        return new Spread(looks);
    }

    private static async Task<List<MoveView>> ListAsync(TestBed bed, BenchCall call)
    {
        var page = await bed.Control.GetAsync("moves", ApiJson.Default.MoveList, call.Stop);
        var moves = page.Moves.ToList();
        while (page.Older > 0)
        {
            page = await bed.Control.GetAsync($"moves/before/{moves[^1].Move}", ApiJson.Default.MoveList, call.Stop);
            moves.AddRange(page.Moves);
        }

        return moves;
    }

    private static async Task<List<NewAccountView>> AddAsync(TestBed bed, int count, BenchCall call)
    {
        call.Say($"making {count} accounts");
        var made = new ConcurrentQueue<NewAccountView>();
        var wanted = Enumerable.Repeat(new NewAccount("IN", null, TestBed.Singapore, null), count);
        await Parallel.ForEachAsync(wanted.Chunk(BatchAccounts), Few(call), async (some, stop) =>
        {
            var batch = await bed.Control.PostAsync(
                "account-batches", new NewAccounts(some), ApiJson.Default.NewAccounts, ApiJson.Default.NewAccountsView, stop);
            foreach (var line in batch.Accounts)
            {
                made.Enqueue(line.Made ?? throw new BenchmarkFailedException($"An account: {line.Error}"));
            }
        });
        return [.. made];
    }

    private static ParallelOptions Few(BenchCall call)
        => new() { MaxDegreeOfParallelism = Creators, CancellationToken = call.Stop };

    private static string Stay => PolicyOf("SG");

    private static string Leave => PolicyOf("US");

    private static string PolicyOf(string country)
        => $"""
            version: 1
            rules:
              - name: All to one place
                when:
                  residence: "*"
                allow:
                  countries: [{country}]
            """;
}
