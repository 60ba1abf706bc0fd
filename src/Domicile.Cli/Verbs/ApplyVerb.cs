using System.CommandLine;
using Domicile.Control;
using Domicile.Policies;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile apply</c>: moves what is out of place, with live progress, until all is over.</summary>
internal static class ApplyVerb
{
    private static readonly Option<string?> PolicyFile = Words.Policy();
    private static readonly Option<int?> AtOnce = Words.AtOnce();

    public static Command Create(CliHost host)
        => new VerbCommand(
            "apply", "Move every account to where the policy wants it",
            "domicile apply", "domicile apply --policy new-policy.yaml --at-once 8") { PolicyFile, AtOnce }
            .Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        var policy = InputFile.ReadText(call.Get(PolicyFile), Policy.FileLengthBytesMax);
        using var control = call.OpenControl();
        var applied = await control.PostAsync(
            "apply", new PlanRequest(policy, call.Get(AtOnce)), ApiJson.Default.PlanRequest, ApiJson.Default.ApplyView,
            cancellationToken);
        if (applied.Moves.Count == 0 && applied.Skipped.Count == 0)
        {
            call.Terminal.Say("Nothing to move.");
        }

        foreach (var skipped in applied.Skipped)
        {
            call.Terminal.Say(Clean.Line($"{skipped.Account} → {skipped.To}: not begun: {skipped.Reason}"));
        }

        var ended = await MoveProgress.WaitAsync(call, control, applied.Moves, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(
                new AppliedDocument(applied.PolicyRevision, ended, applied.Denied, applied.Skipped), CliJson.Default.AppliedDocument);
        }
        else if (ended.Count > 0)
        {
            call.Terminal.Print(MoveTables.Of(ended));
        }

        return Shortfall(ended, applied.Skipped) is { } shortfall
            ? throw new VerbFailedException(shortfall, "see `domicile moves list` and `domicile doctor`, then apply again")
            : ExitCode.Done;
    }

    /// <summary>What was planned and did not happen, in one line; null where all of it did.</summary>
    public static string? Shortfall(IReadOnlyList<MoveView> ended, IReadOnlyList<SkippedMove> skipped)
    {
        var lost = ended.Count(move => move.State is not ("done" or "unproven")) + skipped.Count;
        return lost == 0 ? null : $"{lost} of {ended.Count + skipped.Count} moves did not happen";
    }
}
