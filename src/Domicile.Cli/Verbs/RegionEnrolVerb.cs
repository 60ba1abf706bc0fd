using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile region enrol NAME [--fingerprint SHA256:…]</c></summary>
internal static class RegionEnrolVerb
{
    private static readonly Argument<string> Name = RegionVerbs.Name();

    private static readonly Option<string?> Fingerprint = new("--fingerprint")
    {
        Description = "What `domicile region fingerprint` says on the region's own machine",
        HelpName = "SHA256:HEX",
    };

    public static Command Create(CliHost host)
        => new VerbCommand(
            "enrol", "Pin the key by which a region signs, once you have compared its fingerprint",
            "domicile region enrol beijing",
            "domicile region enrol beijing --fingerprint SHA256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
        {
            Name, Fingerprint,
        }.Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var name = call.Get(Name);
        var fingerprint = call.Get(Fingerprint) ?? await AskAsync(call, control, name, cancellationToken);
        var enrolled = await control.PostAsync(
            $"regions/{name}/enrol", new EnrolRegion(fingerprint), ApiJson.Default.EnrolRegion, ApiJson.Default.EnrolledRegion,
            cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(enrolled, ApiJson.Default.EnrolledRegion);
        }
        else
        {
            call.Terminal.PrintLine($"{Clean.Line(enrolled.Name)} is enrolled with {Clean.Line(enrolled.Fingerprint)}.");
        }

        return ExitCode.Done;
    }

    private static async Task<string> AskAsync(
        VerbCall call, ControlClient control, string name, CancellationToken cancellationToken)
    {
        var regions = (await control.GetAsync("regions", ApiJson.Default.RegionList, cancellationToken)).Regions;
        var region = regions.FirstOrDefault(one => one.Name == name)
            ?? throw new VerbFailedException($"There is no region '{name}'", "`domicile status` shows the regions");
        var shown = region.Fingerprint
            ?? throw new VerbFailedException($"Region {name} does not answer", "start it, then enrol it");
        call.Terminal.Say($"Region {name} signs with {Clean.Line(shown)}.");
        call.Terminal.Say($"On its own machine `domicile region fingerprint {name} --data DIR` must say the same.");
        if (!call.Host.InIsTerminal)
        {
            throw new VerbFailedException(
                $"Nobody is here to compare the fingerprint of {name}",
                $"compare it, then `domicile region enrol {name} --fingerprint …`");
        }

        call.Terminal.Say("Does it? [y/N]");
        return call.Host.In.ReadLine()?.Trim() is "y" or "Y" or "yes" ? shown
            : throw new VerbFailedException($"Region {name} was not enrolled", "find out which machine answered at its address");
    }
}
