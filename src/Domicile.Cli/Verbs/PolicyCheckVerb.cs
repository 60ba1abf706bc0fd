using System.CommandLine;
using Domicile.Accounts;
using Domicile.Cli.Local;
using Domicile.Control;
using Domicile.Deployments;
using Domicile.Policies;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile policy check FILE</c>: offline; with the deployment's regions where its config is at hand.</summary>
internal static class PolicyCheckVerb
{
    private static readonly Argument<string> File = new("FILE") { Description = "policy.yaml" };

    public static Command Create(CliHost host)
        => new VerbCommand("check", "Check a policy file without a deployment running", "domicile policy check policy.yaml")
        {
            File,
        }.Runs(host, (call, _) => Task.FromResult(Run(call)));

    private static int Run(VerbCall call)
    {
        var path = call.Get(File);
        if (!System.IO.File.Exists(path))
        {
            throw new VerbFailedException($"There is no file {path}", "check the name");
        }

        var regions = Regions(call);
        var view = Policy.Load(path, regions is null ? null : [.. regions.Select(region => region.Name)]) switch
        {
            PolicyResult.Ok ok => new PolicyCheckView(
                true, [], regions is null ? [] : [.. PolicyCheck.Run(ok.Policy, regions).Select(finding => Line(path, finding))]),
            PolicyResult.Invalid invalid => new PolicyCheckView(false, [.. invalid.Errors.Select(error => error.ToString())], []),
            _ => throw new InvalidOperationException("An outcome of reading a policy that nobody has named."),
        };
        return Print(call, path, view);
    }

    private static string Line(string path, PolicyFinding finding)
        => $"{path}:{finding.Line}: {(finding.Kind == FindingKind.Warning ? "warning: " : "")}{finding.Message}";

    private static int Print(VerbCall call, string path, PolicyCheckView view)
    {
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(view, ApiJson.Default.PolicyCheckView);
        }
        else
        {
            view.Notes.ToList().ForEach(note => call.Terminal.PrintLine(Clean.Line(note)));
            if (view.Valid)
            {
                call.Terminal.PrintLine($"{path} is a good policy.");
            }
        }

        view.Errors.ToList().ForEach(error => call.Terminal.Say(Clean.Line(error)));
        return view.Valid ? ExitCode.Done
            : throw new VerbFailedException($"{path} is not a policy ({view.Errors.Count} errors)", "correct the lines above");
    }

    // Null where no config is at hand: then any region's name is good, and nothing is said of unknown ones.
    private static IReadOnlyList<RegionFacts>? Regions(VerbCall call)
    {
        var config = Path.Combine(call.DataDirectory, FirstConfig.ConfigFileName);
        return System.IO.File.Exists(config) && DeploymentConfig.Load(config) is ConfigResult.Ok ok ? ok.Config.Facts : null;
    }
}
