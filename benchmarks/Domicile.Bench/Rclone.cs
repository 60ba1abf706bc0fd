using System.ComponentModel;
using System.Diagnostics;
using Domicile.Cli.Local;
using Domicile.Control;

namespace Domicile.Bench;

/// <summary>rclone (https://rclone.org), which is what people copy buckets with by hand.</summary>
internal static class Rclone
{
    /// <summary>Copies a bucket from one account's region to another's.</summary>
    /// <returns>How long it took; null where rclone is not installed.</returns>
    public static async Task<TimeSpan?> CopyAsync(
        (Uri Endpoint, NewAccountView Account) from, (Uri Endpoint, NewAccountView Account) to, string bucket,
        IReadOnlyList<string> options, BenchCall call)
    {
        var start = new ProcessStartInfo("rclone", ["copy", $"from:{bucket}", $"to:{bucket}", "--config", "/dev/null", .. options])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        };

        // rclone 1.60 ends at once where this is set, even over plain http.
        start.Environment.Remove("AWS_CA_BUNDLE");
        Configure(start, "FROM", from);
        Configure(start, "TO", to);
        var begun = call.Time.GetTimestamp();
        using var process = TryStart(start);
        if (process is null)
        {
            return null;
        }

        try
        {
            var errors = await process.StandardError.ReadToEndAsync(call.Stop);
            await process.WaitForExitAsync(call.Stop);
            return process.ExitCode == 0
                ? call.Time.GetElapsedTime(begun)
                : throw new BenchmarkFailedException($"rclone ended with {process.ExitCode}: {errors}");
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

    private static void Configure(ProcessStartInfo start, string remote, (Uri Endpoint, NewAccountView Account) side)
    {
        start.Environment[$"RCLONE_CONFIG_{remote}_TYPE"] = "s3";
        start.Environment[$"RCLONE_CONFIG_{remote}_PROVIDER"] = "Other";
        start.Environment[$"RCLONE_CONFIG_{remote}_ENDPOINT"] = side.Endpoint.GetLeftPart(UriPartial.Authority);
        start.Environment[$"RCLONE_CONFIG_{remote}_ACCESS_KEY_ID"] = side.Account.AccessKey;
        start.Environment[$"RCLONE_CONFIG_{remote}_SECRET_ACCESS_KEY"] = side.Account.SecretKey;
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
