using System.Globalization;
using System.Text;
using System.Text.Json;
using Spectre.Console;

namespace Domicile.Bench;

/// <summary>
/// Where findings go: tables on the terminal, benchmarks/results/NAME.json, and docs/benchmarks.md, which is written from
/// those files alone, so that benchmarks run one by one make the same page.
/// </summary>
internal sealed class Report
{
    private const int ColumnsMin = 180;

    private readonly string _root;
    private readonly string _command;

    private Report(string root, string command) => (_root, _command) = (root, command);

    private string Results => Path.Combine(_root, "benchmarks", "results");

    public static Report Open(IReadOnlyList<string> names)
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "global.json")))
        {
            directory = directory.Parent
                ?? throw new BenchmarkFailedException("The benchmarks run from within the repository: use ./bench there.");
        }

        return new Report(directory.FullName, string.Join(' ', names.Prepend("./bench")));
    }

    public async Task TakeAsync(
        Benchmark benchmark, Findings findings, DateTimeOffset at, TimeSpan took, CancellationToken cancellationToken)
    {
        var saved = new SavedFindings(
            benchmark.Name, benchmark.Title, at, Math.Round(took.TotalSeconds, 1), _command, Machine.Describe(), findings);
        Directory.CreateDirectory(Results);
        var json = JsonSerializer.Serialize(saved, BenchJson.Default.SavedFindings);
        await File.WriteAllTextAsync(ResultOf(benchmark), json + "\n", cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_root, "docs", "benchmarks.md"), Page(), cancellationToken);
    }

    private string ResultOf(Benchmark benchmark) => Path.Combine(Results, $"{benchmark.Name}.json");

    public static void Show(Findings findings)
    {
        // A file or a pipe has no width: lines are as long as they are.
        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No });
        terminal.Profile.Width = Math.Max(terminal.Profile.Width, ColumnsMin);
        foreach (var table in findings.Tables)
        {
            var shown = new Table().Border(TableBorder.Simple);
            table.Columns.ToList().ForEach(column => shown.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap()));
            shown.Columns.Skip(1).ToList().ForEach(column => column.RightAligned());
            table.Rows.ToList().ForEach(row => shown.AddRow(row.Select(Markup.Escape).ToArray()));
            Console.WriteLine(table.Caption);
            terminal.Write(shown);
        }

        foreach (var chart in findings.Charts)
        {
            Console.WriteLine($"{chart.Caption}\n");
            chart.Lines.ToList().ForEach(line => Console.WriteLine($"  {line}"));
            Console.WriteLine();
        }

        findings.Misses.ToList().ForEach(miss => Console.WriteLine($"MISSED: {miss}"));
    }

    private string Page()
    {
        var page = new StringBuilder(
            """
            # Benchmarks

            Written by `./bench`, which measures on the machine that it runs on: control and three regions, each a process of
            its own, on one loopback interface and one disk, and the clients beside them. Compare numbers of one run. What a
            number can't show is said above its table. The same numbers for programs: `benchmarks/results/*.json`.

            """);
        foreach (var benchmark in Benchmark.All.Where(benchmark => File.Exists(ResultOf(benchmark))))
        {
            var bytes = File.ReadAllBytes(ResultOf(benchmark));
            Append(page, JsonSerializer.Deserialize(bytes, BenchJson.Default.SavedFindings)!);
        }

        return page.ToString();
    }

    private static void Append(StringBuilder page, SavedFindings saved)
    {
        page.Append(CultureInfo.InvariantCulture, $"\n## {saved.Title}\n\n");
        page.Append(
            CultureInfo.InvariantCulture,
            $"`./bench {saved.Name}`, {saved.At:yyyy-MM-dd HH:mm} UTC, {saved.Seconds:0} s, on {saved.Machine}.\n\n");
        saved.Findings.Notes.ToList().ForEach(note => page.Append(CultureInfo.InvariantCulture, $"- {note}\n"));
        foreach (var table in saved.Findings.Tables)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n{table.Caption}:\n\n");
            page.Append(Line(table.Columns));
            page.Append(Line(table.Columns.Select((_, index) => index == 0 ? "---" : "---:")));
            table.Rows.ToList().ForEach(row => page.Append(Line(row)));
        }

        foreach (var chart in saved.Findings.Charts ?? []) // older results have none
        {
            page.Append(CultureInfo.InvariantCulture, $"\n{chart.Caption}:\n\n");
            chart.Lines.ToList().ForEach(line => page.Append(CultureInfo.InvariantCulture, $"    {line}\n"));
        }

        if (saved.Findings.Misses.Count > 0)
        {
            page.Append('\n');
            saved.Findings.Misses.ToList().ForEach(miss => page.Append(CultureInfo.InvariantCulture, $"Missed: {miss}\n"));
        }
    }

    private static string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |\n";
}
