using System.CommandLine;
using System.Globalization;
using Domicile.Cli.Formats;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile key rotate ACCOUNT</c></summary>
internal static class KeyRotateVerb
{
    private static readonly Argument<string> Account = Words.Account();

    public static Command Create(CliHost host)
        => new VerbCommand(
            "rotate",
            "Draw a new key for an account's contents, and encrypt under it what there is, in the background. Access keys stay: "
            + "to renew one, `key add` another and `key revoke` the old one",
            "domicile key rotate xk3v5yq2mbnd7hae", "domicile account show xk3v5yq2mbnd7hae",
            "domicile key add xk3v5yq2mbnd7hae --label phone", "domicile key revoke DKXK3V5YQ2MBND7HAEABCD2345") { Account }
            .Runs(host, RunAsync);

    /// <summary>How far encrypting again is, in words; null where nothing lies under a former key.</summary>
    public static string? Describe(KeyRenewalView renewal)
        => renewal.Keys < 2 ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{Sizes.Count(renewal.ContentsLeft)} contents ({Sizes.Format(renewal.BytesLeft)}) still under a former key")
            + (renewal.Damaged > 0 ? $", {Sizes.Count(renewal.Damaged)} of them damaged" : "");

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var renewal = await control.PostAsync(
            $"accounts/{call.Get(Account)}/key-rotations", ApiJson.Default.KeyRenewalView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(renewal, ApiJson.Default.KeyRenewalView);
            return ExitCode.Done;
        }

        call.Terminal.Print(Tables.Facts()
            .Fact("account", renewal.Account).Fact("home", renewal.Home)
            .Fact("new key", renewal.NewKeyAt?.ToString("u", CultureInfo.InvariantCulture))
            .Fact("encryption", Describe(renewal) ?? "all under the newest key"));
        return ExitCode.Done;
    }
}
