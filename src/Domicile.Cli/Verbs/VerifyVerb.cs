using System.CommandLine;
using System.Text;
using Domicile.Cli.Formats;
using Domicile.Control;
using Spectre.Console;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile verify FILE</c>, offline; <c>domicile verify --account ID --deep</c>, by re-reading everything.</summary>
internal static class VerifyVerb
{
    private const int ReceiptBytesMax = 4 * 1024 * 1024;
    private const int KeyBytesMax = 64 * 1024;

    private static readonly Argument<string?> File = new("FILE")
    {
        Description = "A receipt, as `domicile receipt` writes it",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Key = new("--key")
    {
        Description = "The ledger's public key (PEM) as you got it elsewhere",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Account = new("--account") { Description = "Verify an account", HelpName = "ID" };

    private static readonly Option<bool> Deep = new("--deep")
    {
        Description = "Recompute the account's digest from its rows and read every content again",
    };

    public static Command Create(CliHost host)
    {
        var verb = new VerbCommand(
            "verify", "Check a receipt offline, or an account by reading all of it again",
            "domicile verify receipt.json", "domicile verify receipt.json --key ledger.pem",
            "domicile verify --account xk3v5yq2mbnd7hae --deep")
        {
            File, Key, Account, Deep,
        };
        verb.Validators.Add(result =>
        {
            var hasFile = result.GetResult(File) is { Tokens.Count: > 0 };
            var hasAccount = result.GetResult(Account) is not null;
            if (hasFile == hasAccount || (hasAccount && result.GetResult(Deep) is null))
            {
                result.AddError("`domicile verify` takes a receipt's FILE, or --account ID with --deep");
            }
        });
        return verb.Runs(host, (call, stop) => call.Get(Account) is { } account
            ? RunDeepAsync(call, account, stop) : Task.FromResult(RunOffline(call, call.Get(File)!)));
    }

    private static int RunOffline(VerbCall call, string path)
    {
        var receipt = InputFile.Read(path, ReceiptBytesMax);
        var key = call.Get(Key) is { } keyPath ? Encoding.UTF8.GetString(InputFile.Read(keyPath, KeyBytesMax)) : null;
        var verified = OfflineReceipt.Check(path, receipt, key);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(verified, CliJson.Default.VerifiedDocument);
        }
        else
        {
            Print(call, verified);
        }

        return verified.Verified ? ExitCode.Done
            : throw new VerbFailedException($"{path} does not verify", "do not rely on it; fetch the receipt again and compare");
    }

    private static void Print(VerbCall call, VerifiedDocument verified)
    {
        // A key id is 64 characters: beside the check it would be cut into pieces that nobody can compare.
        foreach (var check in verified.Checks)
        {
            call.Terminal.PrintLine($"{check.Outcome,-11}  {Clean.Line(check.Check)}");
            call.Terminal.Print(new Padder(new Text(Clean.Line(check.Detail)), new Padding(2, 0, 0, 0)));
        }

        if (verified.Verified)
        {
            call.Terminal.PrintLine(verified.LedgerTrusted
                ? $"{verified.File} is proven."
                : $"{verified.File} agrees with itself.\nGive --key with the ledger's key, got elsewhere, to prove it.");
        }
    }

    private static async Task<int> RunDeepAsync(VerbCall call, string account, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var view = await control.PostAsync(
            $"accounts/{Uri.EscapeDataString(account)}/verify", ApiJson.Default.DeepVerificationView, cancellationToken);
        var result = view.Result;
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(view, ApiJson.Default.DeepVerificationView);
        }
        else
        {
            call.Terminal.Print(Tables.Facts()
                .Fact("account", view.Account).Fact("home", view.Home)
                .Fact("read", $"{Sizes.Count(result.Rows)} rows, {Sizes.Count(result.Contents)} contents, {Sizes.Format(result.Bytes)}")
                .Fact("digest", result.DigestMatches ? "matches the running digest" : "DIFFERS from the running digest"));
            result.Troubles.ToList().ForEach(trouble => call.Terminal.PrintLine("  " + Clean.Line(trouble)));
        }

        return result.DigestMatches && result.Troubles.Count == 0 ? ExitCode.Done
            : throw new VerbFailedException($"{view.Account} in {view.Home} is not what it should be", "run `domicile doctor`");
    }
}
