using System.Runtime.CompilerServices;
using Domicile.Server.Tests.Deployment;

namespace Domicile.Server.Tests.Faults;

/// <summary>Has a process of a deployment kill itself at a named point of a move, once.</summary>
internal static class CrashPoints
{
    /// <summary>For every process that this test run starts: without a file they do nothing.</summary>
    [ModuleInitializer]
    internal static void Allow() => Environment.SetEnvironmentVariable(CrashPoint.Switch, "1");

    public static async Task SetAsync(LiveDeployment deployment, string process, string point)
    {
        // Whole at once: the process may look for it at any moment.
        var file = Path.Combine(deployment.DirectoryOf(process), CrashPoint.FileName);
        await File.WriteAllTextAsync(file + ".new", point);
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>Returns when the process has died at its point.</summary>
    public static async Task ReachedAsync(LiveDeployment deployment, string process, string point, TimeSpan? patience = null)
    {
        var file = Path.Combine(deployment.DirectoryOf(process), CrashPoint.FileName);
        await Eventually.HoldsAsync(() => Task.FromResult(!File.Exists(file)), $"{process} reaches {point}", patience);
        await deployment.DiedAsync(process);
    }
}
