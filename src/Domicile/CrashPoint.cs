using System.Diagnostics;

namespace Domicile;

/// <summary>
/// Named places at which a test may have this process killed, to see that what is saved there is enough to go on. They
/// stand in moves only, where each is followed by work on disk or on the wire.
/// </summary>
/// <remarks>
/// Nothing happens unless the environment has <c>DOMICILE_CRASH_POINTS=1</c> when the process starts. Then each place looks
/// for the file <c>crash-at</c> in the process's own data directory. If it holds the place's name, the file is removed and
/// the process gets SIGKILL: once, so that the next start goes on.
/// <para>
/// Regions: <c>STEP.asked</c> and <c>STEP.done</c> (before it acts; after, not answered yet) for prepare, arrive, seal,
/// drain, depart, activate, refuse, unseal, settle and erase; <c>pull.received</c> (a content), <c>pull.stored</c> (a batch),
/// <c>refuse.recorded</c> (not cleared up yet), <c>erasure.keyless</c>, <c>erasure.rowless</c>. Control:
/// <c>STATE-STATE.saving</c> and <c>.saved</c>, such as <c>Sealing-Draining.saved</c>.
/// </para>
/// </remarks>
internal static class CrashPoint
{
    public const string Switch = "DOMICILE_CRASH_POINTS";
    public const string FileName = "crash-at";

    // Set once, by Program before anything else runs; null where there is nothing to look for.
    private static string? _file;

    public static void Arm(string processDirectory)
        => _file = Environment.GetEnvironmentVariable(Switch) == "1" ? Path.Combine(processDirectory, FileName) : null;

    public static void Reach(string name)
    {
        if (_file is not { } file || !File.Exists(file) || File.ReadAllText(file) != name)
        {
            return;
        }

        File.Delete(file);
        Process.GetCurrentProcess().Kill();
        Environment.FailFast($"SIGKILL at {name} did not end the process.");
    }
}
