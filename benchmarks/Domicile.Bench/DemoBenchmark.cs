using System.Diagnostics;
using System.Text.Json;
using Domicile.Cli.Local;

namespace Domicile.Bench;

/// <summary>The demo from a cold start, as a stranger runs it: three times, the median is the number.</summary>
internal static class DemoBenchmark
{
    private const int Runs = 3;

    public static async Task<Findings> RunAsync(BenchCall call)
    {
        var rows = new List<(double Seconds, JsonElement Verdict)>();
        for (var run = 1; run <= Runs; run++)
        {
            call.Say($"run {run} of {Runs}");
            var begun = call.Time.GetTimestamp();
            var verdict = await RunOnceAsync(call);
            rows.Add((call.Time.GetElapsedTime(begun).TotalSeconds, verdict));
        }

        var median = new Spread(rows.Select(row => row.Seconds)).P50;
        return new Findings(
            [
                "`domicile demo --exit` with ten accounts, already built: from the start of the process to its end. Its devices "
                    + "work for two seconds before and after the moves.",
                $"Load average at the end {Numbers.Of(Machine.Load())}.",
            ],
            [
                new FindingsTable(
                    "Each run", ["", "s", "accounts moved", "pause p50 ms", "pause max ms", "requests", "failed"],
                    [.. rows.Select((row, index) => Row(index + 1, row.Seconds, row.Verdict))]),
            ],
            new Dictionary<string, double> { ["medianSeconds"] = median },
            [.. rows.Where(row => !row.Verdict.GetProperty("ok").GetBoolean())
                .Select(row => $"the demo failed: {row.Verdict.GetProperty("why").GetString()}")]);
    }

    private static string[] Row(int run, double seconds, JsonElement verdict)
    {
        var pause = verdict.GetProperty("pauseMs");
        return
        [
            $"run {run}", Numbers.Of(seconds), $"{verdict.GetProperty("moved")}", Number(pause, "p50"), Number(pause, "max"),
            Number(verdict, "requests"), $"{verdict.GetProperty("failed")}",
        ];
    }

    private static string Number(JsonElement of, string name)
        => of.TryGetProperty(name, out var number) && number.ValueKind == JsonValueKind.Number
            ? Numbers.Of(number.GetDouble()) : "–";

    private static async Task<JsonElement> RunOnceAsync(BenchCall call)
    {
        var cli = Path.Combine(AppContext.BaseDirectory, "Domicile.Cli.dll");
        var start = new ProcessStartInfo(NativeProcess.Dotnet(), [cli, "demo", "--exit", "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["DOMICILE_SERVER"] = ServerProgram.Find(Environment.GetEnvironmentVariable);
        using var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(call.Stop);
            var output = await process.StandardOutput.ReadToEndAsync(call.Stop);
            await process.WaitForExitAsync(call.Stop);
            return output.Length > 0
                ? JsonDocument.Parse(output).RootElement
                : throw new BenchmarkFailedException($"The demo said nothing but: {await errors}");
        }
        finally
        {
            if (!process.HasExited)
            {
                NativeProcess.Terminate(process.Id);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }
}
