using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Domicile.Deployments;

namespace Domicile.Cli.Local;

/// <summary>What .NET does not offer of processes: POSIX signals to others, and whose a process id is (Linux's /proc).</summary>
internal static partial class NativeProcess
{
    private const int SigInt = 2;
    private const int SigKill = 9;
    private const int SigTerm = 15;

    public static void Terminate(int pid) => _ = Signal(pid, SigTerm);

    public static void Interrupt(int pid) => _ = Signal(pid, SigInt);

    public static void Kill(int pid) => _ = Signal(pid, SigKill);

    public static bool IsAlive(int pid) => pid > 0 && Signal(pid, 0) == 0 && !IsZombie(pid);

    /// <summary>
    /// Whether this is one of our processes for this data directory, and not a stranger who got an old process id.
    /// </summary>
    public static bool IsServerOf(int pid, string directory)
    {
        var command = ReadProc(pid, "cmdline").Replace('\0', ' ');
        return command.Contains(ServerProgram.FileName, StringComparison.Ordinal)
            && command.Contains($"--data {directory}", StringComparison.Ordinal);
    }

    /// <summary>The <c>dotnet</c> that runs this program.</summary>
    public static string Dotnet()
        => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    /// <summary>
    /// Starts a program in a session of its own, so that Ctrl-C in the terminal reaches only us, with stderr at the end
    /// of a file. The process id is the program's.
    /// </summary>
    public static Process StartApart(string log, IReadOnlyList<string> command)
    {
        const string script =
            "umask 077; log=$1; shift; if command -v setsid >/dev/null 2>&1; then exec setsid \"$@\" 2>>\"$log\"; fi; "
                + "exec \"$@\" 2>>\"$log\"";
        var start = new ProcessStartInfo("sh")
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        start.Environment[ProcessPrivacy.RuntimeDumps] = "0";
        foreach (var argument in (string[])["-c", script, "sh", log, .. command])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start) ?? throw new VerbFailedException("sh did not start", "is /bin/sh there?");
        process.StandardInput.Close();
        return process;
    }

    private static bool IsZombie(int pid) => ReadProc(pid, "stat").Contains(") Z ", StringComparison.Ordinal);

    private static string ReadProc(int pid, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/{file}"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int pid, int signal);
}
