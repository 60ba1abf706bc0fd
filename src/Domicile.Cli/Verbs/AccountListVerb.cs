using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile account list</c></summary>
internal static class AccountListVerb
{
    public static Command Create(CliHost host)
        => new VerbCommand("list", "List all accounts", "domicile account list", "domicile account list --json | jq '.accounts[].home'")
            .Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var list = await control.GetAsync("accounts", ApiJson.Default.AccountList, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(list, ApiJson.Default.AccountList);
            return ExitCode.Done;
        }

        var table = Tables.New("account", "residence", "organisation", "home", "epoch", "state");
        foreach (var account in list.Accounts)
        {
            table.Row(
                account.Account, account.Residence, account.Organisation, account.Home, $"{account.Epoch}", account.State);
        }

        call.Terminal.Print(table.Right(4));
        return ExitCode.Done;
    }
}
