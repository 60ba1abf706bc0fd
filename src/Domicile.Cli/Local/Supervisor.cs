using System.ComponentModel;
using Domicile.Cli.Formats;
using Domicile.Deployments;

namespace Domicile.Cli.Local;

/// <summary>
/// Runs all processes of a deployment: starts them, starts again what dies, stops them in order. Follows control, which adds and
/// removes regions in endpoints.json when it reloads. Holds the directory's <see cref="UpLock"/> as long as it lives, and keeps
/// up.json true.
/// </summary>
internal sealed class Supervisor : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan FollowEvery = TimeSpan.FromSeconds(1);

    private readonly string _program;
    private readonly UpLock _lock;
    private readonly Action<string> _say;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _stateLock = new();

    // Under _stateLock: the run of each role that is up now.
    private readonly Dictionary<ProcessRole, ServerProcess> _running = [];
    private bool _ready;
    private LocalDeployment _deployment;

    // Of the follower alone, once it runs.
    private readonly Dictionary<ProcessRole, (CancellationTokenSource Stop, Task Task)> _keepers = [];
    private Task _following = Task.CompletedTask;

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
        deployment.Roles.ToList().ForEach(supervisor.Keep);
        supervisor._following = supervisor.FollowAsync();
        return supervisor;
    }

    /// <summary>Until the token says so.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var asked = Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken);
        await await Task.WhenAny(_following, asked);
    }

    /// <summary>Control first, so that no move begins a step; then the regions together.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following;
        foreach (var role in _keepers.Keys.ToList())
        {
            await ReleaseAsync(role);
        }

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

    private void Keep(ProcessRole role)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        _keepers.Add(role, (stop, KeepAsync(role, stop.Token)));
    }

    /// <summary>The process goes on; nobody starts it again.</summary>
    private async Task ReleaseAsync(ProcessRole role)
    {
        if (_keepers.Remove(role, out var keeper))
        {
            await keeper.Stop.CancelAsync();
            await keeper.Task;
            keeper.Stop.Dispose();
        }
    }

    private async Task FollowAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(FollowEvery, _time, _stop.Token);
                await FollowOnceAsync();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The stop ends what runs.
        }
    }

    private bool IsKnown(Endpoints now)
        => now.Regions.Count == _deployment.Endpoints.Regions.Count
            && now.Regions.All(one => _deployment.Endpoints.Regions.GetValueOrDefault(one.Key) == one.Value);

    private async Task FollowOnceAsync()
    {
        try
        {
            if (Endpoints.Load(_deployment.Directory) is { } now && !IsKnown(now))
            {
                await FollowAsync(_deployment with { Endpoints = now });
            }
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            // A disk that fails just now is no reason to stop what runs: it is looked at again.
        }
    }

    private async Task FollowAsync(LocalDeployment next)
    {
        var before = _deployment;
        foreach (var role in before.Roles.Where(role => IsOther(role, before, next)).ToList())
        {
            await ReleaseAsync(role);
            if (Running().FirstOrDefault(running => running.Key == role).Value is { } process)
            {
                await process.StopAsync();
                Set(role, null);
                process.Dispose();
            }

            _say(next.Roles.Contains(role)
                ? $"{role.DirectoryName} has other endpoints" : $"{role.DirectoryName} is stopped: control has removed it");
        }

        _deployment = next;
        foreach (var role in next.Roles.Where(role => IsOther(role, next, before)).ToList())
        {
            try
            {
                LocalDeployment.Claim(next.Directory, role, _say);
            }
            catch (VerbFailedException notOurs)
            {
                _say(notOurs.Message);
                continue;
            }

            _say(await LaunchAsync(role, _stop.Token) ?? $"{role.DirectoryName} is ready");
            Keep(role);
        }

        SaveState();
    }

    /// <returns>Whether the other deployment has no such process, or at other endpoints.</returns>
    private static bool IsOther(ProcessRole role, LocalDeployment of, LocalDeployment other)
        => role is ProcessRole.Region && (!other.Roles.Contains(role) || other.EndpointsOf(role) != of.EndpointsOf(role));

    // One per process: waits for its end, and starts it again with a growing delay.
    private async Task KeepAsync(ProcessRole role, CancellationToken stop)
    {
        var delay = new RestartDelay();
        try
        {
            while (true)
            {
                var started = _time.GetTimestamp();
                var ended = await DescribeEndAsync(role, stop);
                var pause = delay.Next(_time.GetElapsedTime(started));
                _say($"{ended}: starting it again in {Durations.Format(pause)}");
                await Task.Delay(pause, _time, stop);
                var trouble = await LaunchAsync(role, stop);
                _say(trouble ?? $"{role.DirectoryName} is ready again");
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Who stops the keeper ends the process.
        }
    }

    private async Task<string> DescribeEndAsync(ProcessRole role, CancellationToken stop)
    {
        if (Running().FirstOrDefault(running => running.Key == role).Value is not { } process)
        {
            return $"{role.DirectoryName} is not running";
        }

        var code = await process.WaitForExitAsync(stop);
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
