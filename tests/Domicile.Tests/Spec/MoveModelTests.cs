using System.Diagnostics;
using Xunit;

namespace Domicile.Tests.Spec;

public sealed class MoveModelTests(ITestOutputHelper output)
{
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(20);

    // Goal: the move protocol has no error at the model's quick bounds, and the model can tell: every seeded bug is found.
    // Method: the checker's own search (spec/README.md); its last line counts the states.
    [Fact]
    public async Task Every_order_of_events_keeps_the_protocols_invariants_and_every_seeded_bug_is_found()
    {
        var commands = (string[])["spin", "gcc"];
        var missing = commands.Where(command => !IsInstalled(command)).ToArray();
        Assert.SkipWhen(missing.Length > 0, $"Not installed: {string.Join(", ", missing)}.");

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(LongestRun);
        using var checker = Process.Start(
            new ProcessStartInfo(Path.Combine(Repository.Root, "spec", "check"), ["--quick"]) { RedirectStandardOutput = true })!;
        var table = await checker.StandardOutput.ReadToEndAsync(limit.Token);
        await checker.WaitForExitAsync(limit.Token);

        output.WriteLine(table);
        var summary = table.TrimEnd().Split('\n')[^1];
        Repository.SayCovered("spec", summary);
        Assert.True(checker.ExitCode == 0, table);
        Assert.Matches(@"^spec: \d+ runs, [1-9]\d{6,} states, [1-9]\d seeded bugs found, 0 not as expected$", summary);
    }

    private static bool IsInstalled(string command)
        => Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
            .Any(directory => File.Exists(Path.Combine(directory, command)));
}
