using System.CommandLine;
using Domicile.Accounts;
using Domicile.Control;
using Domicile.Deployments;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile region fingerprint NAME --data DIR</c>: from the region's own directory, without a network.</summary>
internal static class RegionFingerprintVerb
{
    private static readonly Argument<string> Name = RegionVerbs.Name();

    public static Command Create(CliHost host)
        => new VerbCommand(
            "fingerprint", "Show the fingerprint of a region's signing key, on the region's own machine",
            "domicile region fingerprint beijing --data /srv/domicile") { Name }
            .Runs(host, RunAsync);

    private static Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        var name = call.Get(Name);
        var key = SigningKey.FindPublic(call.DataDirectory, new ProcessRole.Region(RegionName.Parse(name)))
            ?? throw new VerbFailedException(
                $"Region {name} has no signing key below {call.Address.ShownDirectory}",
                "start the region once on this machine, and name its directory with --data");
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(new EnrolledRegion(name, key.Fingerprint), ApiJson.Default.EnrolledRegion);
        }
        else
        {
            call.Terminal.PrintLine(key.Fingerprint);
        }

        return Task.FromResult(ExitCode.Done);
    }
}
