using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile moves abort MOVE</c>: possible until the target has become the home.</summary>
internal static class MoveAbortVerb
{
    private static readonly Argument<Guid> Move = Words.Move();

    public static Command Create(CliHost host)
        => new VerbCommand(
            "abort", "Abort a move; the account stays where it is",
            "domicile moves abort 0197a1b2-0000-7000-8000-000000000000") { Move }
            .Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        MoveShowVerb.Print(
            call, await control.PostAsync($"moves/{call.Get(Move)}/abort", ApiJson.Default.MoveView, cancellationToken));
        return ExitCode.Done;
    }
}
