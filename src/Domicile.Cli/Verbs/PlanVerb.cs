using System.CommandLine;
using Domicile.Cli.Formats;
using Domicile.Control;
using Domicile.Policies;
using Spectre.Console;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile plan</c>: which accounts are out of place, why, to where, how much, how long. Changes nothing.</summary>
internal static class PlanVerb
{
    private static readonly Option<string?> PolicyFile = Words.Policy();
    private static readonly Option<int?> AtOnce = Words.AtOnce();

    public static Command Create(CliHost host)
        => new VerbCommand(
            "plan", "Show which accounts are out of place and where they belong; changes nothing",
            "domicile plan", "domicile plan --policy new-policy.yaml --at-once 8") { PolicyFile, AtOnce }
            .Runs(host, RunAsync);

    public static Table TableOf(PlanView plan)
    {
        var table = Tables.New("account", "residence", "organisation", "from", "to", "objects", "size", "time", "rule");
        foreach (var move in plan.Moves)
        {
            table.Row(
                move.Account, move.Residence, move.Organisation, move.From, move.To, Sizes.Count(move.Objects),
                Sizes.Format(move.Bytes), Durations.FormatSeconds(move.EstimatedSeconds), move.Rule);
        }

        return table.Right(5, 6, 7);
    }

    public static string Summary(PlanView plan)
        => $"{plan.Moves.Count} to move ({Sizes.Count(plan.Objects)} objects, {Sizes.Format(plan.Bytes)}, "
            + $"{Durations.FormatAbout(plan.EstimatedSeconds)}), {plan.InPlace} in place, {plan.Denied.Count} denied everywhere";

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        var policy = InputFile.ReadText(call.Get(PolicyFile), Policy.FileLengthBytesMax);
        using var control = call.OpenControl();
        var plan = await control.PostAsync(
            "plan", new PlanRequest(policy, call.Get(AtOnce)), ApiJson.Default.PlanRequest, ApiJson.Default.PlanView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(plan, ApiJson.Default.PlanView);
            return ExitCode.Done;
        }

        if (plan.Moves.Count > 0)
        {
            call.Terminal.Print(TableOf(plan));
        }

        foreach (var denied in plan.Denied)
        {
            call.Terminal.PrintLine($"denied: {denied.Account} ({denied.Residence}) in {denied.Home}: {Clean.Line(denied.Reason)}");
        }

        call.Terminal.PrintLine(Summary(plan) + ".");
        return ExitCode.Done;
    }
}
