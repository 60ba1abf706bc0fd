using Domicile.Control;
using Domicile.Objects;

namespace Domicile.Bench;

/// <summary>How fast an account moves between two regions, and how fast others copy the same objects by the same way.</summary>
internal static class MoveBenchmark
{
    private static readonly IReadOnlyList<Case> Cases =
    [
        new("small", 10_000, 4 << 10), new("medium", 1_000, 256 << 10), new("large", 16, 64 << 20), new("one", 1, 4L << 30),
        new("versions", 500, 4 << 10, Versions: 20),
    ];

    private const int WarmingTours = 3;

    public static async Task<Findings> RunAsync(BenchCall call)
    {
        var scale = call.Options.Numbers("scale", 1)[0];
        var links = call.Options.Choose("link", [.. Distance.All.Select(one => one.Name)]).Select(Distance.Named).ToList();
        var cases = Cases.Where(one => call.Options.Choose("case", [.. Cases.Select(known => known.Name)]).Contains(one.Name))
            .Select(one => one.Smaller(scale)).ToList();
        var tables = new List<FindingsTable>();
        var figures = new Dictionary<string, double>();
        foreach (var link in links)
        {
            var rows = new List<Row>();
            foreach (var one in cases)
            {
                rows.AddRange(await MeasureAsync(link, one, call));
            }

            tables.Add(TableOf(link, rows));
            rows.ForEach(row => row.AddTo(figures, link));
        }

        return new Findings(
            [
                "From Singapore to California. Control, rclone and aws stand beside Singapore; what goes to California goes "
                    + "over one link: a move's between the regions, the others' to California's S3. The link is a program that "
                    + "delays and paces bytes; it loses nothing, and has no slow start.",
                "A move brings all versions, metadata, keys and uploads under way, checks every frame, and pauses writes at its "
                    + "end, for as long as its row says; the others bring the latest versions of a bucket that nobody may write "
                    + "to meanwhile. × is how many times as fast the move is, until the new home serves, in objects per second.",
                "On the long link the others copy only some of many objects: their row says how many, and rates are of those; of one "
                    + "object rclone's defaults are all that there is to compare.",
                "Each case in a deployment of its own, which has copied a small account before and moved it there and back. Before "
                    + "each row all that was written is flushed. On loopback, of small objects, the median of five moves, there and back; all else once.",
                "A move's link is always mutual TLS. That of the others is what its table says.",
                "Memory (VmHWM since the row began) and processor time are those of the target's region.",
                $"Load average at the end {Numbers.Of(Machine.Load())}.",
            ],
            tables, figures, []);
    }

    private static async Task<List<Row>> MeasureAsync(Distance link, Case one, BenchCall call)
    {
        await using var bed = await TestBed.StartAsync(call, link);
        await WarmAsync(bed, call);
        var account = await FillAsync(bed, one, one.Count, call);
        var rows = new List<Row>();
        foreach (var copier in Copier.All.Where(each => link.Terms is null || one.Count > 1 || each == Copier.All[0]))
        {
            var count = link.Terms is null ? one.Count : Math.Min(one.Count, copier.ObjectsFarMax);
            var from = count == one.Count ? account : await FillAsync(bed, one, count, call);
            var to = await bed.AddAccountAsync(TestBed.California);
            call.Say($"{link.Name}, {one.Title}: {copier.Name}, {Numbers.Count(count)} objects");
            rows.Add(await TakeAsync(
                bed, TestBed.California, one, copier.Name, count, one.Bytes * count,
                async () => (await copier.CopyAsync(
                    new CopySide(bed.EndpointOf(TestBed.Singapore), from, bed.AuthorityPath),
                    new CopySide(bed.EndpointFrom(TestBed.Singapore, TestBed.California), to, bed.AuthorityPath),
                    FillAccount.Bucket, call), null),
                call));
        }

        var (moved, erased) = await MoveAsync(bed, link, one, account, call);
        return [.. rows.Select(row => row with { Slower = moved.ObjectsPerSecond / row.ObjectsPerSecond }), moved, erased];
    }

    // The median of several, there and back, where that takes seconds and no files: those that were just deleted here make new
    // ones slow, and between two machines they would not.
    private static async Task<(Row Moved, Row Erased)> MoveAsync(
        TestBed bed, Distance link, Case one, NewAccountView account, BenchCall call)
    {
        var versions = (long)one.Count * one.Versions;
        var taken = new List<(Row Moved, Row Erased)>();
        foreach (var to in MovesOf(one, link))
        {
            call.Say($"{link.Name}, {one.Title}: a move");
            MoveView? move = null;
            var moved = await TakeAsync(bed, to, one, "move, until the new home serves", versions, one.Bytes * versions, async () =>
            {
                move = await bed.MoveAsync(account, to);
                return (move.ActivatedAt!.Value - move.RequestedAt, move.PauseMs);
            }, call);
            taken.Add((moved, moved with
            {
                How = "move, until the old home is erased",
                Took = move!.EndedAt!.Value - move.RequestedAt,
                PauseMs = null,
                PeakMebibytes = null,
                ProcessorSeconds = null,
            }));
        }

        return taken.OrderBy(each => each.Moved.Seconds).ElementAt(taken.Count / 2);
    }

    private static IReadOnlyList<string> MovesOf(Case one, Distance link)
        => link.Terms is null && one.Bytes <= ObjectLimits.InlineBytesMax / 2
            ? [TestBed.California, TestBed.Singapore, TestBed.California, TestBed.Singapore, TestBed.California]
            : [TestBed.California];

    // The start of a process, in which the runtime compiles its code, is not its life: neither that of S3 nor that of moves.
    private static async Task WarmAsync(TestBed bed, BenchCall call)
    {
        call.Say("warming up");
        var small = new Case("", 2_000, 4 << 10);
        var account = await FillAsync(bed, small, small.Count, call);
        await FillAccount.RunAsync(bed, account, "larger/", 20, 256 << 10, call);
        var to = await bed.AddAccountAsync(TestBed.California);
        await Copier.All[1].CopyAsync(
            new CopySide(bed.EndpointOf(TestBed.Singapore), account, bed.AuthorityPath),
            new CopySide(bed.EndpointOf(TestBed.California), to, bed.AuthorityPath), FillAccount.Bucket, call);
        foreach (var region in Enumerable.Repeat((string[])[TestBed.California, TestBed.Singapore], WarmingTours).SelectMany(tour => tour))
        {
            await bed.MoveAsync(account, region);
        }
    }

    private static async Task<NewAccountView> FillAsync(TestBed bed, Case one, int count, BenchCall call)
    {
        call.Say($"{one.Title}: filling an account with {Numbers.Count(count)} objects");
        var account = await bed.AddAccountAsync(TestBed.Singapore);
        await FillAccount.MakeBucketAsync(bed, account, one.Versions > 1, call);
        await FillAccount.RunAsync(bed, account, "", count, one.Bytes, call, one.Versions);
        return account;
    }

    private static async Task<Row> TakeAsync(
        TestBed bed, string to, Case one, string how, long objects, long bytes,
        Func<Task<(TimeSpan? Took, double? PauseMs)>> work, BenchCall call)
    {
        // What was written before is no part of it.
        await Tool.RunAsync("sync", [], new Dictionary<string, string?>(), call);
        var target = bed.ProcessIdOf(to);
        Machine.ForgetMemoryPeak(target);
        var processorMs = Machine.ProcessorMs(target);
        var (took, pauseMs) = await work();
        return new Row(one, how, objects, bytes, took, pauseMs)
        {
            PeakMebibytes = Machine.MemoryPeakMebibytes(target),
            ProcessorSeconds = (Machine.ProcessorMs(target) - processorMs) / 1000,
        };
    }

    private static FindingsTable TableOf(Distance link, IReadOnlyList<Row> rows)
        => new(
            $"Between two regions, {link.Title}",
            ["", "s", "objects/s", "MiB/s", .. link.MebibytesPerSecond is null ? [] : (string[])["of link %"], "×", "pause ms", "peak MiB", "CPU s"],
            [.. rows.Select(row => row.Cells(link))]);

    private sealed record Case(string Name, int Count, long Bytes, int Versions = 1)
    {
        public string Title
            => $"{Numbers.Count(Count)} × {Numbers.Size(Bytes)}" + (Versions > 1 ? $" × {Versions} versions" : "");

        public Case Smaller(int scale)
            => Count >= scale ? this with { Count = Count / scale } : this with { Bytes = Bytes / scale };
    }

    private sealed record Row(Case Case, string How, long Objects, long Bytes, TimeSpan? Took, double? PauseMs)
    {
        public double? Slower { get; init; }

        public double? PeakMebibytes { get; init; }

        public double? ProcessorSeconds { get; init; }

        public double Seconds => Took?.TotalSeconds ?? double.NaN;

        public double ObjectsPerSecond => Objects / Seconds;

        public double MebibytesPerSecond => Numbers.MebibytesOf(Bytes) / Seconds;

        private bool IsMove => Slower is null;

        public string[] Cells(Distance link)
        {
            var isPart = !IsMove && Objects < Case.Count;
            return
            [
                $"{Case.Title}: {How}{(isPart ? $" ({Numbers.Count(Objects)} objects)" : "")}{(!IsMove && Case.Versions > 1 ? ", latest only" : "")}",
                Took is null ? "not installed" : Numbers.Of(Seconds), Numbers.Of(ObjectsPerSecond), Numbers.Of(MebibytesPerSecond),
                .. link.MebibytesPerSecond is { } width ? [Numbers.Of(100 * MebibytesPerSecond / width)] : (string[])[],
                Slower is { } slower ? Numbers.Of(slower) : "", IsMove ? Cell(PauseMs) : "all along", Cell(PeakMebibytes),
                Cell(ProcessorSeconds),
            ];
        }

        public void AddTo(Dictionary<string, double> figures, Distance link)
        {
            var key = $"{link.Name}.{Case.Name}.{How}";
            figures[$"{key}.objects"] = Objects;
            figures[$"{key}.seconds"] = Seconds;
            Add("peakMiB", PeakMebibytes);
            Add("processorSeconds", ProcessorSeconds);
            Add("pauseMs", PauseMs);

            void Add(string name, double? value)
            {
                if (value is { } known)
                {
                    figures[$"{key}.{name}"] = known;
                }
            }
        }

        private static string Cell(double? value) => value is { } known ? Numbers.Of(known) : "";
    }
}
