using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile region drain NAME</c>: empties a region, with live progress, until all is over.</summary>
internal static class RegionDrainVerb
{
    private static readonly Argument<string> Name = RegionVerbs.Name();
    private static readonly Option<int?> AtOnce = Words.AtOnce();

    public static Command Create(CliHost host)
        => new VerbCommand(
            "drain", "Move every account out of a region, by policy, and let none in any more",
            "domicile region drain beijing", "domicile region drain beijing --at-once 16")
        {
            Name, AtOnce,
        }.Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var name = call.Get(Name);
        var begun = await control.PostAsync(
            $"regions/{name}/drain", new DrainRegion(call.Get(AtOnce)), ApiJson.Default.DrainRegion, ApiJson.Default.DrainView,
            cancellationToken);
        call.Terminal.Say($"Region {name} takes no accounts any more (`domicile region undrain {name}` ends that).");
        foreach (var denied in begun.Denied)
        {
            call.Terminal.Say(Clean.Line($"{denied.Account} ({denied.Residence}) stays: {denied.Reason}"));
        }

        var ended = await ApplyVerb.EndAsync(call, control, begun.Moves, begun.Skipped, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(
                new DrainedDocument(begun.Region, ended, begun.Denied, begun.Skipped), CliJson.Default.DrainedDocument);
        }

        if (begun.Denied.Count > 0)
        {
            throw new VerbFailedException(
                $"Not empty: {begun.Denied.Count} of the accounts in {name} may lie in no other region",
                "`domicile policy explain ACCOUNT` says why; apply a policy that permits one, then drain again");
        }

        ApplyVerb.CheckAll(ended, begun.Skipped, "drain");
        call.Terminal.Say($"Region {name} is empty: take it out of the config and `domicile reload`, then stop it.");
        return ExitCode.Done;
    }
}
