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

        var ended = await EndAsync(call, control, applied.Moves, applied.Skipped, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(
                new AppliedDocument(applied.PolicyRevision, ended, applied.Denied, applied.Skipped), CliJson.Default.AppliedDocument);
        }

        CheckAll(ended, applied.Skipped, "apply");
        return ExitCode.Done;
    }

    /// <summary>Waits, with live progress, for the moves that control has begun, and says which it hasn't.</summary>
    public static async Task<IReadOnlyList<MoveView>> EndAsync(
        VerbCall call, ControlClient control, IReadOnlyList<Guid> begun, IReadOnlyList<SkippedMove> skipped,
        CancellationToken cancellationToken)
    {
        foreach (var move in skipped)
        {
            call.Terminal.Say(Clean.Line($"{move.Account} → {move.To}: not begun: {move.Reason}"));
        }

        var ended = await MoveProgress.WaitAsync(call, control, begun, cancellationToken);
        if (!call.Terminal.IsJson && ended.Count > 0)
        {
            call.Terminal.Print(MoveTables.Of(ended));
        }

        return ended;
    }

    /// <param name="verb">That does the rest when it is called again.</param>
    /// <exception cref="VerbFailedException">Not all of the moves have happened.</exception>
    public static void CheckAll(IReadOnlyList<MoveView> ended, IReadOnlyList<SkippedMove> skipped, string verb)
    {
        if (Shortfall(ended, skipped) is { } shortfall)
        {
            throw new VerbFailedException(shortfall, $"see `domicile moves list` and `domicile doctor`, then {verb} again");
        }
    }

    /// <summary>What was planned and did not happen, in one line; null where all of it did.</summary>
    public static string? Shortfall(IReadOnlyList<MoveView> ended, IReadOnlyList<SkippedMove> skipped)
    {
        var lost = ended.Count(move => move.State is not ("done" or "unproven")) + skipped.Count;
        return lost == 0 ? null : $"{lost} of {ended.Count + skipped.Count} moves did not happen";
    }
}
