namespace Domicile.Cli.Local;

/// <summary>Processes whose supervisor was killed: they go on, unwatched, and hold their ports and directories.</summary>
internal static class Leftovers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>Only for who holds the directory's <see cref="UpLock"/>.</summary>
    /// <returns>How many there were.</returns>
    public static async Task<int> StopAsync(
        string directory, Action<string> say, TimeProvider time, CancellationToken cancellationToken)
    {
        var left = (UpState.Load(directory)?.All ?? [])
            .Where(process => process.Pid is { } pid && NativeProcess.IsServerOf(pid, directory)).ToList();
        foreach (var process in left)
        {
            say($"{process.Name} (pid {process.Pid}) was left running: stopping it");
            NativeProcess.Terminate(process.Pid!.Value);
        }

        foreach (var pid in left.Select(process => process.Pid!.Value))
        {
            if (!await EndsAsync(pid, Patience, time, cancellationToken))
            {
                NativeProcess.Kill(pid);
                await EndsAsync(pid, Patience, time, cancellationToken);
            }
        }

        UpState.Remove(directory);
        return left.Count;
    }

    public static async Task<bool> EndsAsync(
        int pid, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        while (NativeProcess.IsAlive(pid))
        {
            if (time.GetElapsedTime(since) > patience)
            {
                return false;
            }

            await Task.Delay(LookEvery, time, cancellationToken);
        }

        return true;
    }
}
