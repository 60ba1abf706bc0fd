using System.CommandLine;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile key …</c></summary>
internal static class KeyVerbs
{
    public static Command Create(CliHost host)
        => new VerbCommand("key", "Add, list and revoke access keys; rotate the key of an account's contents")
        {
            KeyAddVerb.Create(host), KeyListVerb.Create(host), KeyRevokeVerb.Create(host),
            KeyRotateVerb.Create(host),
        };
}
