using System.CommandLine;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile policy …</c></summary>
internal static class PolicyVerbs
{
    public static Command Create(CliHost host)
        => new VerbCommand("policy", "Check a policy, explain its decisions")
        {
            PolicyCheckVerb.Create(host), PolicyExplainVerb.Create(host),
        };
}
