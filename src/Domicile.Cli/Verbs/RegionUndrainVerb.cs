using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile region undrain NAME</c></summary>
internal static class RegionUndrainVerb
{
    private static readonly Argument<string> Name = RegionVerbs.Name();

    public static Command Create(CliHost host)
        => new VerbCommand("undrain", "Let a region take accounts again", "domicile region undrain beijing") { Name }
            .Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var ended = await control.PostAsync(
            $"regions/{call.Get(Name)}/undrain", ApiJson.Default.UndrainedRegion, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(ended, ApiJson.Default.UndrainedRegion);
        }
        else
        {
            call.Terminal.PrintLine(ended.WasDraining
                ? $"Region {Clean.Line(ended.Region)} takes accounts again. Those that left come back only by policy: `domicile plan`."
                : $"Region {Clean.Line(ended.Region)} was not being drained.");
        }

        return ExitCode.Done;
    }
}
