using System.CommandLine;
using System.Globalization;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile key list ACCOUNT</c></summary>
internal static class KeyListVerb
{
    private static readonly Argument<string> Account = Words.Account();

    public static Command Create(CliHost host)
        => new VerbCommand("list", "List an account's access keys", "domicile key list xk3v5yq2mbnd7hae") { Account }
            .Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var list = await control.GetAsync($"accounts/{call.Get(Account)}/keys", ApiJson.Default.KeyList, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(list, ApiJson.Default.KeyList);
            return ExitCode.Done;
        }

        var table = Tables.New("access key", "label", "created");
        foreach (var key in list.Keys)
        {
            table.Row(key.AccessKey, key.Label, key.CreatedAt.ToString("u", CultureInfo.InvariantCulture));
        }

        call.Terminal.Print(table);
        return ExitCode.Done;
    }
}
