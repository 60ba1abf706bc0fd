using System.Diagnostics;
using Domicile.Accounts;

namespace Domicile;

/// <summary>
/// Named places at which a test may have this process killed, or one account's move held up, to see that what is
/// saved there is enough to go on. Each is followed by work on disk or on the wire.
/// </summary>
/// <remarks>
/// Nothing happens unless the environment has <c>DOMICILE_CRASH_POINTS=1</c> when the process starts. Then each place looks
/// into the folder <c>crash-points</c> of the process's own data directory for a file of its name, or of its name, an
/// <c>@</c> and the account's id: with that account only. The file is renamed to <c>….reached</c>, so it acts once, and its
/// word is done: <c>kill</c> (SIGKILL of the process), <c>pause</c> (the move stands still here until the renamed file is
/// deleted).
/// <para>
/// Regions: <c>STEP.asked</c> and <c>STEP.done</c> (before it acts; after, not answered yet) for prepare, arrive, seal,
/// drain, depart, activate, refuse, unseal, settle and erase; <c>pull.received</c> (a content), <c>pull.stored</c> (a batch),
/// <c>refuse.recorded</c> (not cleared up yet), <c>erasure.keyless</c>, <c>erasure.rowless</c>;
/// outside of moves <c>rekey.rewritten</c> (a content, encrypted again, or some in rows; not saved yet) and <c>rekey.walked</c>
/// (all of them, once). Control:
/// <c>STATE-STATE.saving</c> and <c>.saved</c>, such as <c>Sealing-Draining.saved</c>.
/// </para>
/// </remarks>
internal static class CrashPoint
{
    public const string Switch = "DOMICILE_CRASH_POINTS";
    public const string FolderName = "crash-points";
    public const string ReachedSuffix = ".reached";

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    // Set once, by Program before anything else runs; null where there is nothing to look for.
    private static string? _folder;

    public static void Arm(string processDirectory)
        => _folder = Environment.GetEnvironmentVariable(Switch) == "1" ? Path.Combine(processDirectory, FolderName) : null;

    public static ValueTask ReachAsync(string name, AccountId account)
        => _folder is { } folder && Directory.Exists(folder) ? LookAsync(folder, name, account) : ValueTask.CompletedTask;

    private static async ValueTask LookAsync(string folder, string name, AccountId account)
    {
        foreach (var file in (string[])[Path.Combine(folder, name), Path.Combine(folder, $"{name}@{account}")])
        {
            if (Take(file) is { } word)
            {
                await ActAsync(word, name, file + ReachedSuffix);
            }
        }
    }

    /// <returns>Its word, of whoever was first to come by.</returns>
    private static string? Take(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            var word = File.ReadAllText(file);
            File.Move(file, file + ReachedSuffix);
            return word;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static async Task ActAsync(string word, string name, string reached)
    {
        switch (word)
        {
            case "kill":
                Process.GetCurrentProcess().Kill();
                Environment.FailFast($"SIGKILL at {name} did not end the process.");
                break;
            case "pause":
                while (File.Exists(reached))
                {
                    await Task.Delay(LookEvery, TimeProvider.System);
                }

                break;
        }
    }
}
