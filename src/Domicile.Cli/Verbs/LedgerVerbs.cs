using System.CommandLine;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile ledger …</c></summary>
internal static class LedgerVerbs
{
    public static Command Create(CliHost host)
        => new VerbCommand("ledger", "Read the ledger and prove its entries")
        {
            LedgerCheckpointVerb.Create(host), LedgerShowVerb.Create(host), LedgerProveVerb.Create(host),
        };
}
