using System.ComponentModel;
using Domicile.Cli.Formats;
using Domicile.Deployments;

namespace Domicile.Cli.Local;

/// <summary>
/// Runs all processes of a deployment: starts them, starts again what dies, stops them in order. Holds the directory's
/// <see cref="UpLock"/> as long as it lives, and keeps up.json true.
/// </summary>
internal sealed class Supervisor : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);

    private readonly LocalDeployment _deployment;
    private readonly string _program;
    private readonly UpLock _lock;
    private readonly Action<string> _say;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _stateLock = new();

    // Under _stateLock: the run of each role that is up now.
    private readonly Dictionary<ProcessRole, ServerProcess> _running = [];
    private bool _ready;
    private Task _keepers = Task.CompletedTask;

    private Supervisor(LocalDeployment deployment, string program, UpLock taken, Action<string> say, TimeProvider time)
        => (_deployment, _program, _lock, _say, _time) = (deployment, program, taken, say, time);

    /// <summary>Returns when every process is ready; if one can't be, stops the others and fails with its last words.</summary>
    public static async Task<Supervisor> StartAsync(
        LocalDeployment deployment, string program, UpLock taken, Action<string> say, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var supervisor = new Supervisor(deployment, program, taken, say, time);
        try
        {
            var troubles = await Task.WhenAll(
                deployment.Roles.ToList().Select(role => supervisor.LaunchAsync(role, cancellationToken)));
            if (troubles.FirstOrDefault(trouble => trouble is not null) is { } first)
            {
                // The log's last words, line by line, then the one line that ends the verb.
                var lines = first.Split('\n');
                lines.Skip(1).ToList().ForEach(say);
                throw new VerbFailedException(lines[0], lines.Length > 1 ? "its last lines are above" : null);
            }
        }
        catch
        {
            await supervisor.DisposeAsync();
            throw;
        }

        supervisor._ready = true;
        supervisor.SaveState();
        supervisor._keepers = Task.WhenAll(deployment.Roles.ToList().Select(supervisor.KeepAsync));
        return supervisor;
    }

    /// <summary>Until the token says so.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var asked = Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken);
        await await Task.WhenAny(_keepers, asked);
    }

    /// <summary>Control first, so that no move begins a step; then the regions together.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _keepers;
        var control = Running().Where(process => process.Key is ProcessRole.Control).Select(process => process.Value);
        var regions = Running().Where(process => process.Key is ProcessRole.Region).Select(process => process.Value);
        await Task.WhenAll(control.Select(process => process.StopAsync()));
        await Task.WhenAll(regions.Select(process => process.StopAsync()));
        Running().ForEach(process => process.Value.Dispose());
        UpState.Remove(_deployment.Directory);
        _lock.Dispose();
        _stop.Dispose();
    }

    private async Task<string?> LaunchAsync(ProcessRole role, CancellationToken cancellationToken)
    {
        try
        {
            var process = ServerProcess.Start(_deployment, role, _program, _time);
            Set(role, process);
            return await process.WaitReadyAsync(StartPatience, cancellationToken);
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException or Win32Exception)
        {
            // A full disk, say: it may pass, and the other processes must not stop for it.
            return $"{role.DirectoryName} could not be started: {broken.Message}";
        }
    }

    // One per process: waits for its end, and starts it again with a growing delay.
    private async Task KeepAsync(ProcessRole role)
    {
        var delay = new RestartDelay();
        try
        {
            while (true)
            {
                var started = _time.GetTimestamp();
                var ended = await DescribeEndAsync(role);
                var pause = delay.Next(_time.GetElapsedTime(started));
                _say($"{ended}: starting it again in {Durations.Format(pause)}");
                await Task.Delay(pause, _time, _stop.Token);
                var trouble = await LaunchAsync(role, _stop.Token);
                _say(trouble ?? $"{role.DirectoryName} is ready again");
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The stop ends the process.
        }
    }

    private async Task<string> DescribeEndAsync(ProcessRole role)
    {
        if (Running().FirstOrDefault(running => running.Key == role).Value is not { } process)
        {
            return $"{role.DirectoryName} is not running";
        }

        var code = await process.WaitForExitAsync(_stop.Token);
        Set(role, null);
        process.Dispose();
        return $"{process.Name} (pid {process.Pid}) ended with code {code}";
    }

    private List<KeyValuePair<ProcessRole, ServerProcess>> Running()
    {
        lock (_stateLock)
        {
            return [.. _running];
        }
    }

    private void Set(ProcessRole role, ServerProcess? process)
    {
        lock (_stateLock)
        {
            if (process is null)
            {
                _running.Remove(role);
            }
            else
            {
                _running[role] = process;
            }

            SaveState();
        }
    }

    private void SaveState()
    {
        lock (_stateLock)
        {
            var processes = _deployment.Roles.Select(role =>
            {
                var endpoints = _deployment.EndpointsOf(role);
                return new RunningProcess(
                    role.DirectoryName, endpoints.Listen, endpoints.Management, _running.GetValueOrDefault(role)?.Pid);
            }).ToList();
            new UpState(Environment.ProcessId, _ready, processes[0], processes[1..]).Save(_deployment.Directory);
        }
    }
}
