using System.CommandLine;
using Domicile.Accounts;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile key revoke KEY</c></summary>
internal static class KeyRevokeVerb
{
    private static readonly Argument<string> Key = Keys();

    public static Command Create(CliHost host)
        => new VerbCommand(
            "revoke", "Revoke an access key", "domicile key revoke DKXK3V5YQ2MBND7HAEABCD2345") { Key }
            .Runs(host, RunAsync);

    private static Argument<string> Keys()
    {
        var argument = new Argument<string>("KEY") { Description = "Access key id, as `domicile key list` shows it" };
        argument.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !AccessKey.TryGetAccount(result.Tokens[0].Value, out _))
            {
                result.AddError($"'{Clean.Line(result.Tokens[0].Value)}' is not an access key id (`domicile key list` shows them)");
            }
        });
        return argument;
    }

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var key = call.Get(Key);
        var revoked = await control.DeleteAsync($"keys/{key}", ApiJson.Default.AccessKeyView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(revoked, ApiJson.Default.AccessKeyView);
        }
        else
        {
            call.Terminal.PrintLine($"{revoked.AccessKey} ({Clean.Line(revoked.Label)}) is revoked.");
        }

        return ExitCode.Done;
    }
}
