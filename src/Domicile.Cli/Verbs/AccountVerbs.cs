using System.CommandLine;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile account …</c></summary>
internal static class AccountVerbs
{
    public static Command Create(CliHost host)
        => new VerbCommand("account", "Add, show and erase accounts")
        {
            AccountAddVerb.Create(host), AccountListVerb.Create(host), AccountShowVerb.Create(host),
            AccountEraseVerb.Create(host),
        };
}
