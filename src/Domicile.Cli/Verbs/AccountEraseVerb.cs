using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile account erase ID</c>: for good, with a signed statement in the ledger.</summary>
internal static class AccountEraseVerb
{
    private static readonly Argument<string> Account = Words.Account();

    public static Command Create(CliHost host)
        => new VerbCommand(
            "erase", "Erase an account and all its data for good", "domicile account erase xk3v5yq2mbnd7hae") { Account }
            .Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var erased = await control.DeleteAsync($"accounts/{call.Get(Account)}", ApiJson.Default.EraseView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(erased, ApiJson.Default.EraseView);
        }
        else
        {
            call.Terminal.PrintLine($"{erased.Account} is erased; the statement is entry {erased.LedgerIndex} of the ledger.");
        }

        return ExitCode.Done;
    }
}
