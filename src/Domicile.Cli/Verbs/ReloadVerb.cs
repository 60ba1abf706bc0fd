using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile reload</c>: control reads domicile.yaml again, and takes its regions.</summary>
internal static class ReloadVerb
{
    public static Command Create(CliHost host)
        => new VerbCommand(
            "reload", "Have control take the regions that domicile.yaml declares now, while everything runs", "domicile reload")
            .Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var reloaded = await control.PostAsync("reload", ApiJson.Default.ReloadView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(reloaded, ApiJson.Default.ReloadView);
            return ExitCode.Done;
        }

        (string Word, IReadOnlyList<string> Regions)[] news =
            [("added", reloaded.Added), ("removed", reloaded.Removed), ("changed", reloaded.Changed)];
        foreach (var (word, regions) in news.Where(one => one.Regions.Count > 0))
        {
            call.Terminal.PrintLine($"{word}: {Clean.Line(string.Join(", ", regions))}");
        }

        call.Terminal.PrintLine($"In force: {Clean.Line(string.Join(", ", reloaded.Regions))}.");
        foreach (var region in reloaded.Added)
        {
            call.Terminal.Say($"`domicile status` says when {Clean.Line(region)} answers, and whether it is to be enrolled.");
        }

        return ExitCode.Done;
    }
}
