using System.Diagnostics;
using Domicile.Deployments;

namespace Domicile.Cli.Local;

/// <summary>One run of a deployment's process, from its start to its end.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const int LastLinesMax = 12;
    private const int LastLinesBytesMax = 16 * 1024;

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly string _log;

    // What was in the log before this run is another run's.
    private readonly long _logStart;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _output;

    private ServerProcess(Process process, string name, string log, long logStart, TimeProvider time)
    {
        _process = process;
        _log = log;
        _logStart = logStart;
        _time = time;
        Name = name;
        Pid = process.Id;
        _output = ReadOutputAsync();
    }

    /// <summary><c>control</c> or the region's name.</summary>
    public string Name { get; }

    public int Pid { get; }

    public static ServerProcess Start(LocalDeployment deployment, ProcessRole role, string program, TimeProvider time)
    {
        var name = role.DirectoryName;
        var logs = Path.Combine(deployment.Directory, name, "log");
        SmallFile.CreateDirectory(logs);
        var log = Path.Combine(logs, "server.log");
        string[] command = [.. Command(program, role, deployment.ConfigPath, deployment.Directory), "--log", log];
        var start = File.Exists(log) ? new FileInfo(log).Length : 0;
        return new ServerProcess(NativeProcess.StartApart(log, command), name, log, start, time);
    }

    public static IReadOnlyList<string> Command(string program, ProcessRole role, string config, string? data)
        =>
        [
            NativeProcess.Dotnet(), program, "--role", role is ProcessRole.Region ? "region" : "control",
            .. role is ProcessRole.Region region ? ["--region", region.Name.Value] : Array.Empty<string>(),
            "--config", config, .. data is null ? Array.Empty<string>() : ["--data", data],
        ];

    /// <summary>Until it says <c>ready</c>.</summary>
    /// <returns>Null; or why not, in one line with the log's last words.</returns>
    public async Task<string?> WaitReadyAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var ended = _process.WaitForExitAsync(cancellationToken);
        var first = await Task.WhenAny(_ready.Task, ended, Task.Delay(patience, _time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        if (first == _ready.Task)
        {
            return null;
        }

        return first == ended
            ? $"{Name} ended with code {_process.ExitCode} at its start (log: {_log})\n{LastLines()}"
            : $"{Name} was not ready after {patience.TotalSeconds:0} s (log: {_log})\n{LastLines()}";
    }

    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>SIGTERM, and after ten seconds SIGKILL.</summary>
    public async Task StopAsync()
    {
        if (!_process.HasExited)
        {
            NativeProcess.Terminate(Pid);
            var ended = _process.WaitForExitAsync();
            if (await Task.WhenAny(ended, Task.Delay(StopPatience, _time)) != ended)
            {
                _process.Kill();
                await ended;
            }
        }

        await _output;
    }

    public void Dispose() => _process.Dispose();

    private async Task ReadOutputAsync()
    {
        // Read to the end, or the process would stand still once the pipe is full.
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("ready ", StringComparison.Ordinal))
            {
                _ready.TrySetResult();
            }
        }
    }

    private string LastLines()
    {
        using var file = new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(Math.Max(file.Length < _logStart ? 0 : _logStart, file.Length - LastLinesBytesMax), SeekOrigin.Begin);
        using var reader = new StreamReader(file);
        var lines = reader.ReadToEnd().TrimEnd().Split('\n');
        return string.Join('\n', lines.TakeLast(LastLinesMax).Select(line => "  " + Clean.Line(line)));
    }
}
