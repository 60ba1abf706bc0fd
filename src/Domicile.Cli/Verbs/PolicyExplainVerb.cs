using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile policy explain ID</c>: which rules were tried for an account, and what each says.</summary>
internal static class PolicyExplainVerb
{
    private static readonly Argument<string> Account = Words.Account();

    public static Command Create(CliHost host)
        => new VerbCommand("explain", "Explain why an account belongs where it does", "domicile policy explain xk3v5yq2mbnd7hae")
        {
            Account,
        }.Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var view = await control.GetAsync($"accounts/{call.Get(Account)}/explain", ApiJson.Default.ExplainView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(view, ApiJson.Default.ExplainView);
            return ExitCode.Done;
        }

        WhereVerb.Print(call, view.Where);
        view.Lines.ToList().ForEach(line => call.Terminal.PrintLine("  " + Clean.Line(line)));
        return ExitCode.Done;
    }
}
