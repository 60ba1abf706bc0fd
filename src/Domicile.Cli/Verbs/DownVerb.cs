using System.CommandLine;
using Domicile.Cli.Local;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile down</c>: stops what <c>up</c> started.</summary>
internal static class DownVerb
{
    // Control, then the regions together: ten seconds each before they are killed, and some for the rest.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Command Create(CliHost host)
        => new VerbCommand("down", "Stop the local deployment", "domicile down", "domicile down --data /srv/domicile")
            .Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken stop)
    {
        var directory = call.DataDirectory;
        if (!Directory.Exists(Path.Combine(directory, "control")))
        {
            throw new VerbFailedException(
                $"No deployment in {call.Address.ShownDirectory}", "name its directory with --data DIR");
        }

        var stopped = await StopSupervisorAsync(call, directory, stop);
        using var taken = UpLock.TryTake(directory)
            ?? throw new VerbFailedException("Another `domicile up` has just started", "run `domicile down` again");
        stopped |= await Leftovers.StopAsync(directory, call.Terminal.Say, call.Time, stop) > 0;
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(new StoppedDocument(stopped, directory), CliJson.Default.StoppedDocument);
        }
        else
        {
            call.Terminal.Say(stopped ? "Down." : "It was down already.");
        }

        return ExitCode.Done;
    }

    private static async Task<bool> StopSupervisorAsync(VerbCall call, string directory, CancellationToken stop)
    {
        using (var free = UpLock.TryTake(directory))
        {
            if (free is not null)
            {
                return false;
            }
        }

        // The lock is held, so the process id in up.json is the supervisor's and no stranger's.
        var supervisor = UpState.Load(directory)?.Supervisor
            ?? throw new VerbFailedException("`domicile up` is just starting or stopping", "run `domicile down` again");
        NativeProcess.Terminate(supervisor);
        return await Leftovers.EndsAsync(supervisor, Patience, call.Time, stop)
            ? true
            : throw new VerbFailedException(
                $"`domicile up` (pid {supervisor}) does not end", $"end it with `kill -9 {supervisor}` and run `domicile down` again");
    }
}
