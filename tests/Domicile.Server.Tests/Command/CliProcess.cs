using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Domicile.Cli.Local;
using Xunit;

namespace Domicile.Server.Tests.Command;

/// <summary>The command line as a process of its own, as a person starts it in a terminal.</summary>
internal sealed partial class CliProcess : IDisposable
{
    private const int SigInt = 2;

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private CliProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        _error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The program that the build made, beside the server's.</summary>
    private static string Program
    {
        get
        {
            var server = Path.GetDirectoryName(ServerProgram.Find(Environment.GetEnvironmentVariable))!;
            var beside = Path.Combine(server, "..", "..", "Domicile.Cli", Path.GetFileName(server), "Domicile.Cli.dll");
            return Path.GetFullPath(beside);
        }
    }

    public static CliProcess Start(params string[] arguments) => StartDotnet([Program, .. arguments]);

    /// <summary>The server itself, as <c>serve</c> and <c>up</c> start it.</summary>
    public static CliProcess StartServer(params string[] arguments)
        => StartDotnet([ServerProgram.Find(Environment.GetEnvironmentVariable), .. arguments]);

    public static async Task<CliCall> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        return await process.EndAsync();
    }

    /// <summary>Ctrl-C.</summary>
    public void Interrupt() => _ = Signal(_process.Id, SigInt);

    public async Task<CliCall> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new CliCall(_process.ExitCode, await _output, await _error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static CliProcess StartDotnet(IReadOnlyList<string> arguments)
        => new(Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        })!);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int pid, int signal);
}
