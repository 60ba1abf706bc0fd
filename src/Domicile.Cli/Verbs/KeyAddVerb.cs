using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile key add ACCOUNT --label TEXT</c></summary>
internal static class KeyAddVerb
{
    private static readonly Argument<string> Account = Words.Account();

    private static readonly Option<string> Label = new("--label")
    {
        Description = "What its owner calls it, such as a device's name",
        HelpName = "TEXT",
        Required = true,
    };

    public static Command Create(CliHost host)
        => new VerbCommand("add", "Give an account one more access key", "domicile key add xk3v5yq2mbnd7hae --label phone")
        {
            Account, Label,
        }.Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var key = await control.PostAsync(
            $"accounts/{call.Get(Account)}/keys", new NewKey(call.Get(Label)!), ApiJson.Default.NewKey,
            ApiJson.Default.NewKeyView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(key, ApiJson.Default.NewKeyView);
            return ExitCode.Done;
        }

        call.Terminal.Print(Tables.Facts()
            .Fact("access key", key.AccessKey).Fact("secret key", key.SecretKey).Fact("label", key.Label));
        call.Terminal.Say("The secret key is shown only now.");
        return ExitCode.Done;
    }
}
