using System.Globalization;
using Domicile.Simulation.Seeding;

namespace Domicile.Simulation;

/// <summary>The tests; or, with <c>--seed N</c>, one world with its whole trace.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        var bugAt = Array.IndexOf(args, "--bug");
        var bug = bugAt < 0 ? SeededBug.None : Enum.Parse<SeededBug>(args[bugAt + 1]);
        var range = Array.IndexOf(args, "--seeds");
        if (range >= 0)
        {
            return RunMany(args[range + 1], bug);
        }

        var at = Array.IndexOf(args, "--seed");
        if (at < 0)
        {
            return Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult();
        }

        var seed = ulong.Parse(args[at + 1], CultureInfo.InvariantCulture);
        using var bench = new Workbench();
        var outcome = Simulation.Run(seed, bench, bug, isTraced: true, Console.WriteLine);

        Console.WriteLine($"seed {seed}: {outcome.Violated ?? "all invariants hold"}; {outcome.Counts}; {outcome.Hash:x16}");
        Console.WriteLine(outcome.What);
        return outcome.Violated is null ? 0 : 1;
    }

    private static int RunMany(string range, SeededBug bug)
    {
        var ends = range.Split("..");
        var started = TimeProvider.System.GetTimestamp();
        var batch = Batch.Run(
            ulong.Parse(ends[0], CultureInfo.InvariantCulture), ulong.Parse(ends[1], CultureInfo.InvariantCulture), bug);
        foreach (var outcome in batch.Failed.Take(60))
        {
            Console.WriteLine($"{outcome.Seed}: {outcome.Violated}: {outcome.What?.Split('\n')[0]}");
        }

        foreach (var (name, count) in batch.Failed.CountBy(one => one.Violated!))
        {
            Console.WriteLine($"{count} × {name}");
        }

        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine($"{batch.Done} seeds, {batch.Failed.Count} failed, {seconds:F1} s; {batch.Counts}");
        Console.WriteLine($"CPU {System.Diagnostics.Process.GetCurrentProcess().TotalProcessorTime.TotalMilliseconds / batch.Done:F1} ms per seed");
        return batch.Failed.Count == 0 ? 0 : 1;
    }
}
