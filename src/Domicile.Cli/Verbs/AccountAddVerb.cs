using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile account add</c>: a new account, placed by the policy, and its first access key.</summary>
internal static class AccountAddVerb
{
    private static readonly Option<string?> Residence = Words.Residence();
    private static readonly Option<string?> Organisation = new("--org") { Description = "Organisation", HelpName = "NAME" };
    private static readonly Option<string?> Region = Words.Region("--region", "Home, instead of the policy's choice");

    private static readonly Option<string?> Misplaced = new("--misplaced")
    {
        Description = "Take the account over as it lies, in a --region that the policy forbids; goes into the ledger",
        HelpName = "REASON",
    };

    public static Command Create(CliHost host)
        => new VerbCommand(
            "add", "Add an account; the policy places it",
            "domicile account add --residence IN", "domicile account add --residence DE --org 'Example GmbH' --json",
            "domicile account add --residence IN --region beijing --misplaced 'taken over from the old cloud'")
        {
            Residence, Organisation, Region, Misplaced,
        }.Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var request = new NewAccount(
            call.Get(Residence)!.ToUpperInvariant(), call.Get(Organisation), call.Get(Region), call.Get(Misplaced));
        var added = await control.PostAsync(
            "accounts", request, ApiJson.Default.NewAccount, ApiJson.Default.NewAccountView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(added, ApiJson.Default.NewAccountView);
            return ExitCode.Done;
        }

        call.Terminal.Print(Tables.Facts()
            .Fact("account", added.Account).Fact("home", added.Home).Fact("endpoint", added.Endpoint)
            .Fact("access key", added.AccessKey).Fact("secret key", added.SecretKey));
        call.Terminal.Say("The secret key is shown only now.");
        return ExitCode.Done;
    }
}
