using System.CommandLine;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile moves …</c></summary>
internal static class MovesVerbs
{
    public static Command Create(CliHost host)
        => new VerbCommand("moves", "List, show, watch and abort moves")
        {
            MoveListVerb.Create(host), MoveShowVerb.Create(host), MoveWatchVerb.Create(host), MoveAbortVerb.Create(host),
        };
}
