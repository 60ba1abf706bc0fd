using System.CommandLine;
using Domicile.Accounts;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile region …</c></summary>
internal static class RegionVerbs
{
    public static Command Create(CliHost host)
        => new VerbCommand("region", "Take regions into a deployment, and empty them")
        {
            RegionEnrolVerb.Create(host), RegionFingerprintVerb.Create(host), RegionDrainVerb.Create(host),
            RegionUndrainVerb.Create(host),
        };

    public static Argument<string> Name()
    {
        var argument = new Argument<string>("NAME") { Description = "Region's name, as the config has it" };
        argument.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !RegionName.TryParse(result.Tokens[0].Value, out _))
            {
                result.AddError($"'{Clean.Line(result.Tokens[0].Value)}' is not a region's name (`domicile status` shows them)");
            }
        });
        return argument;
    }
}
