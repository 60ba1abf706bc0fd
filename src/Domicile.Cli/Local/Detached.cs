using Domicile.Deployments;
using System.Diagnostics;
using System.Globalization;

namespace Domicile.Cli.Local;

/// <summary>Starts <c>domicile up</c> in the background, in a session of its own, with DIR/control/log/up.log for its words.</summary>
internal static class Detached
{
    private const int LastLinesMax = 12;
    private const int LogBytesMax = 64 * 1024;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns when all processes are ready; fails with the last words of a supervisor that ended.</summary>
    public static async Task StartAsync(
        string directory, IReadOnlyList<string> arguments, TimeProvider time, CancellationToken cancellationToken)
    {
        var logs = Path.Combine(directory, "control", "log");
        SmallFile.CreateDirectory(logs);
        var log = Path.Combine(logs, "up.log");
        var pid = await LaunchAsync(log, arguments, cancellationToken);
        try
        {
            while (UpState.Load(directory) is not { Ready: true } state || state.Supervisor != pid)
            {
                if (!NativeProcess.IsAlive(pid))
                {
                    throw new VerbFailedException($"`domicile up` ended at its start. {LastLines(log)}");
                }

                await Task.Delay(LookEvery, time, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            NativeProcess.Terminate(pid);
            throw;
        }
    }

    private static async Task<int> LaunchAsync(
        string log, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        // The shell tells the process id and ends; what it started belongs to nobody's terminal.
        const string script =
            """
            umask 077; log=$1; shift
            if command -v setsid >/dev/null 2>&1; then set -- setsid "$@"; else set -- nohup "$@"; fi
            "$@" </dev/null >"$log" 2>&1 &
            echo $!
            """;
        var start = new ProcessStartInfo("sh") { RedirectStandardOutput = true, UseShellExecute = false };
        var cli = Path.Combine(AppContext.BaseDirectory, "Domicile.Cli.dll");
        foreach (var argument in (string[])["-c", script, "sh", log, NativeProcess.Dotnet(), cli, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var shell = Process.Start(start) ?? throw new VerbFailedException("sh did not start", "is /bin/sh there?");
        var line = await shell.StandardOutput.ReadLineAsync(cancellationToken);
        await shell.WaitForExitAsync(cancellationToken);
        return int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            ? pid : throw new VerbFailedException("sh did not say what it started", "run `domicile up` in the foreground");
    }

    private static string LastLines(string log)
    {
        using var file = new FileStream(log, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(-Math.Min(file.Length, LogBytesMax), SeekOrigin.End);
        using var reader = new StreamReader(file);
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return $"{log} says: {string.Join(" | ", lines.TakeLast(LastLinesMax))}";
    }
}
