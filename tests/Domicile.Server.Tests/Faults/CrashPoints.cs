using System.Runtime.CompilerServices;
using Domicile.Server.Tests.Deployment;

namespace Domicile.Server.Tests.Faults;

/// <summary>Has a process of a deployment kill itself, or hold up one account's move, at a named point; once.</summary>
internal static class CrashPoints
{
    /// <summary>For every process that this test run starts: without a file they do nothing.</summary>
    [ModuleInitializer]
    internal static void Allow() => Environment.SetEnvironmentVariable(CrashPoint.Switch, "1");

    /// <param name="word">kill or pause.</param>
    /// <param name="account">Null: whichever comes by first.</param>
    public static async Task SetAsync(
        LiveDeployment deployment, string process, string point, string word = "kill", string? account = null)
    {
        // Whole at once: the process may look for it at any moment.
        var file = PathOf(deployment, process, point, account);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file + ".new", word);
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>Returns when it has been reached, and stands still there.</summary>
    public static Task ReachedAsync(
        LiveDeployment deployment, string process, string point, string? account = null, TimeSpan? patience = null)
        => Eventually.HoldsAsync(
            () => Task.FromResult(File.Exists(PathOf(deployment, process, point, account) + CrashPoint.ReachedSuffix)),
            $"{process} reaches {point}", patience);

    /// <summary>Returns when the process has died at its point.</summary>
    public static async Task DiedAtAsync(LiveDeployment deployment, string process, string point)
    {
        await ReachedAsync(deployment, process, point);
        await deployment.DiedAsync(process);
        Release(deployment, process, point);
    }

    /// <summary>Lets what was paused go on.</summary>
    public static void Release(LiveDeployment deployment, string process, string point, string? account = null)
        => File.Delete(PathOf(deployment, process, point, account) + CrashPoint.ReachedSuffix);

    private static string PathOf(LiveDeployment deployment, string process, string point, string? account)
        => Path.Combine(
            deployment.DirectoryOf(process), CrashPoint.FolderName, account is null ? point : $"{point}@{account}");
}
