using System.ComponentModel;
using System.Diagnostics;
using Domicile.Cli.Local;

namespace Domicile.Bench;

/// <summary>A program of others that is run and timed.</summary>
internal static class Tool
{
    /// <returns>How long it took; null where it is not installed.</returns>
    /// <exception cref="BenchmarkFailedException">It ended with an error.</exception>
    public static async Task<TimeSpan?> RunAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment, BenchCall call)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var begun = call.Time.GetTimestamp();
        using var process = TryStart(start);
        if (process is null)
        {
            return null;
        }

        try
        {
            var errors = process.StandardError.ReadToEndAsync(call.Stop);
            await process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, call.Stop);
            await process.WaitForExitAsync(call.Stop);
            return process.ExitCode == 0
                ? call.Time.GetElapsedTime(begun)
                : throw new BenchmarkFailedException($"{program} ended with {process.ExitCode}: {await errors}");
        }
        finally
        {
            if (!process.HasExited)
            {
                NativeProcess.Terminate(process.Id);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    private static Process? TryStart(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
