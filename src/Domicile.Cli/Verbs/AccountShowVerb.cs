using System.CommandLine;
using System.Globalization;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile account show ID</c></summary>
internal static class AccountShowVerb
{
    private static readonly Argument<string> Account = Words.Account();

    public static Command Create(CliHost host)
        => new VerbCommand("show", "Show one account", "domicile account show xk3v5yq2mbnd7hae") { Account }
            .Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var view = await control.GetAsync($"accounts/{call.Get(Account)}", ApiJson.Default.AccountView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(view, ApiJson.Default.AccountView);
            return ExitCode.Done;
        }

        call.Terminal.Print(Tables.Facts()
            .Fact("account", view.Account).Fact("residence", view.Residence).Fact("organisation", view.Organisation)
            .Fact("home", view.Home ?? "none: erased").Fact("epoch", view.Epoch.ToString(CultureInfo.InvariantCulture))
            .Fact("state", view.State).Fact("move", view.Move?.ToString())
            .Fact("created", view.CreatedAt.ToString("u", CultureInfo.InvariantCulture)).Fact("misplaced", view.Misplaced)
            .Fact("encryption", view.Encryption is { } renewal ? KeyRotateVerb.Describe(renewal) : null));
        return ExitCode.Done;
    }
}
