using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile doctor</c>: checks a running deployment and says what to do.</summary>
internal static class DoctorVerb
{
    public static Command Create(CliHost host)
        => new VerbCommand("doctor", "Check config, stores, clocks, keys, orphans and half-done moves", "domicile doctor")
            .Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var view = await control.GetAsync("doctor", ApiJson.Default.DoctorView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(view, ApiJson.Default.DoctorView);
        }
        else
        {
            var table = Tables.New("place", "status", "finding", "what to do");
            foreach (var finding in view.Findings)
            {
                table.Row(finding.Place, finding.Status, finding.Finding, finding.Advice);
            }

            call.Terminal.Print(table);
        }

        var errors = view.Findings.Count(finding => finding.Status == "error");
        return errors == 0 ? ExitCode.Done
            : throw new VerbFailedException($"{errors} of {view.Findings.Count} findings are errors", "do what they say");
    }
}
