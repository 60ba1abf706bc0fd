using System.Diagnostics;
using Domicile.Cli.Local;
using Domicile.Server.Tests.Clients;
using Xunit;

namespace Domicile.Server.Tests.Upgrades;

/// <summary>
/// The server of the last release, built from this repository's history by the commit in <c>eng/last-release</c>; once, into
/// <c>artifacts/last-release/COMMIT</c>, where nothing of this build lies.
/// </summary>
internal static class LastRelease
{
    private static readonly string[] Quietly =
    [
        "-c", "Release", "-v", "quiet", "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false", "-p:NuGetAudit=false",
        "-p:GenerateDocumentationFile=false", "--disable-build-servers",
    ];

    private static readonly SemaphoreSlim One = new(1);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Its Domicile.Server.dll.</summary>
    public static async Task<string> ServerAsync()
    {
        var words = (await File.ReadAllTextAsync(Path.Combine(Repository.Root, "eng", "last-release"), Cancelled)).Split();
        var (tag, commit) = (words[0], words[1]);
        var directory = Path.Combine(Repository.Root, "artifacts", "last-release", commit);
        await One.WaitAsync(Cancelled);
        try
        {
            if (!Directory.Exists(directory))
            {
                await BuildAsync(tag, commit, directory);
            }
        }
        finally
        {
            One.Release();
        }

        return Path.Combine(directory, "artifacts", "bin", "Domicile.Server", "release", ServerProgram.FileName);
    }

    private static async Task BuildAsync(string tag, string commit, string directory)
    {
        var half = Directory.CreateDirectory($"{directory}.{Environment.ProcessId}").FullName;
        try
        {
            var archive = Path.Combine(half, "source.tar");
            Assert.True(
                await ExitCodeAsync("git", "-C", Repository.Root, "cat-file", "-e", $"{commit}^{{commit}}") == 0,
                $"The commit of the last release ({tag}, {commit}) is not in this repository. Get it: git fetch --unshallow origin, "
                + $"or: git fetch origin {commit}");
            await RunAsync("git", "-C", Repository.Root, "archive", "-o", archive, commit);
            await RunAsync("tar", "-xf", archive, "-C", half);
            File.Delete(archive);
            await RunAsync("dotnet", ["build", Path.Combine(half, "src", "Domicile.Server"), .. Quietly]);
            Directory.Move(half, directory);
        }
        finally
        {
            if (Directory.Exists(half))
            {
                Directory.Delete(half, recursive: true);
            }
        }
    }

    private static Task<string> RunAsync(string program, params string[] arguments)
        => StockProgram.RunAsync(program, arguments, new Dictionary<string, string>(), Repository.Root);

    private static async Task<int> ExitCodeAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync(Cancelled);
        return process.ExitCode;
    }
}
