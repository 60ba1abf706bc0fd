using System.Runtime.InteropServices;
using Domicile.Bench;
using Domicile.Cli;

const int Failed = 1;
const int WrongUsage = 2;
const int Interrupted = 130;

if (args is [Attacker.Word, var attack, var at, var accessKey])
{
    await Attacker.RunAsync(attack, new Uri(at), accessKey);
    return 0;
}

var read = BenchOptions.Read(args);
var names = read?.Names ?? [];
var chosen = Benchmark.All.Where(known => names.Count == 0 || names.Contains(known.Name)).ToList();
var unknown = names.FirstOrDefault(name => Benchmark.All.All(known => known.Name != name))
    ?? read?.Options.Unknown(chosen).Select(name => $"--{name}").FirstOrDefault();
if (read is null || unknown is not null)
{
    if (unknown is not null)
    {
        Console.Error.WriteLine($"bench: there is no '{unknown}'");
    }

    Console.Error.WriteLine(
        """
        Usage: ./bench [NAME…] [--SWITCH VALUE,VALUE…]
        Runs the named benchmarks, or all, and writes docs/benchmarks.md. With a switch a part runs, and is only shown.
        """);
    Benchmark.All.ToList().ForEach(known => Console.Error.WriteLine(
        $"  {known.Name,-8} {known.Title,-45} {string.Join(' ', known.Switches.Select(name => $"--{name}"))}"));
    return WrongUsage;
}

using var stop = new CancellationTokenSource();
using var onTerm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
var call = new BenchCall(TimeProvider.System, line => Console.Error.WriteLine($"bench: {line}"), read.Value.Options, stop.Token);
var report = Report.Open(args);
var misses = 0;
try
{
    foreach (var benchmark in chosen)
    {
        call.Say($"{benchmark.Name}: {benchmark.Title}");
        var begun = call.Time.GetTimestamp();
        var findings = await benchmark.RunAsync(call);
        Report.Show(findings);
        if (!call.Options.IsPart)
        {
            await report.TakeAsync(benchmark, findings, call.Time.GetUtcNow(), call.Time.GetElapsedTime(begun), stop.Token);
        }

        misses += findings.Misses.Count;
    }
}
catch (Exception broken) when (broken is OperationCanceledException or BenchmarkFailedException or VerbFailedException
    or HttpRequestException or IOException)
{
    if (stop.IsCancellationRequested)
    {
        return Interrupted;
    }

    Console.Error.WriteLine($"bench: {broken.Message}");
    return Failed;
}

return misses == 0 ? 0 : Failed;

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
