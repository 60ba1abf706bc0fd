using System.CommandLine;
using System.Globalization;
using Domicile.Cli.Formats;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile where ID</c>: where an account's data is, under whose power, and which rule decides.</summary>
internal static class WhereVerb
{
    private static readonly Argument<string> Account = Words.Account();

    public static Command Create(CliHost host)
        => new VerbCommand(
            "where", "Show where an account's data is, who can compel access, and which rule decides",
            "domicile where xk3v5yq2mbnd7hae", "domicile where xk3v5yq2mbnd7hae --json | jq -r .home") { Account }
            .Runs(host, RunAsync);

    public static void Print(VerbCall call, WhereView where)
    {
        call.Terminal.Print(Tables.Facts()
            .Fact("account", where.Account).Fact("home", where.Home ?? "none: erased")
            .Fact("epoch", where.Epoch.ToString(CultureInfo.InvariantCulture))
            .Fact("exposure", string.Join(' ', where.Exposure)).Fact("rule", where.Rule.Length > 0 ? where.Rule : "none")
            .Fact("reason", where.Reason).Fact("in place", where.Placed ? "yes" : "no")
            .Fact("belongs in", where.Placed ? null : where.Target)
            .Fact("permitted", where.Permitted.Count > 0 ? string.Join(' ', where.Permitted) : "nowhere"));
        if (where.Sizes is { Count: > 0 } sizes)
        {
            var table = Tables.New("category", "objects", "versions", "size");
            foreach (var (category, usage) in sizes.OrderBy(size => size.Key, StringComparer.Ordinal))
            {
                table.Row(
                    category.Length > 0 ? category : "(none)", Sizes.Count(usage.Objects), Sizes.Count(usage.Versions),
                    Sizes.Format(usage.Bytes));
            }

            call.Terminal.Print(table.Right(1, 2, 3));
        }
    }

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var where = await control.GetAsync($"accounts/{call.Get(Account)}/where", ApiJson.Default.WhereView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(where, ApiJson.Default.WhereView);
        }
        else
        {
            Print(call, where);
        }

        return ExitCode.Done;
    }
}
