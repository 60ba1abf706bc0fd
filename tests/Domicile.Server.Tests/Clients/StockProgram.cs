using System.Diagnostics;
using Xunit;

namespace Domicile.Server.Tests.Clients;

/// <summary>A program of this machine, run as anyone would. Where it is missing the test is skipped; with CI=true it fails.</summary>
internal static class StockProgram
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Runs it to its end; fails with its words if it fails.</summary>
    /// <returns>What it wrote to its standard output.</returns>
    public static async Task<string> RunAsync(
        string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string directory)
        => (await RunBothAsync(program, arguments, environment, directory)).Output;

    /// <inheritdoc cref="RunAsync"/>
    /// <returns>And to its standard error.</returns>
    public static async Task<(string Output, string Errors)> RunBothAsync(
        string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string directory)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory,
        };
        arguments.ToList().ForEach(start.ArgumentList.Add);
        // rclone 1.60 can't start where this is set.
        start.Environment.Remove("AWS_CA_BUNDLE");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(Cancelled);
        var output = await process.StandardOutput.ReadToEndAsync(Cancelled);
        await process.WaitForExitAsync(Cancelled);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {process.ExitCode}\n{output}\n{await errors}");
        return (output, await errors);
    }

    public static void Need(string program)
    {
        var isThere = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Any(directory => File.Exists(Path.Combine(directory, program)));
        NeedThat(isThere, program);
    }

    public static async Task NeedPythonModuleAsync(string python, string module)
    {
        Need(Path.GetFileName(python));
        using var process = Process.Start(new ProcessStartInfo(python, ["-c", $"import {module}"]) { RedirectStandardError = true })!;
        await process.WaitForExitAsync(Cancelled);
        NeedThat(process.ExitCode == 0, $"the Python module {module}");
    }

    private static void NeedThat(bool isThere, string what)
    {
        var mayBeMissing = Environment.GetEnvironmentVariable("CI") != "true";
        Assert.True(isThere || mayBeMissing, $"{what} is not installed (CI=true: a failure)");
        Assert.SkipUnless(isThere, $"{what} is not installed");
    }
}
