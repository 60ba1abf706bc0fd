using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile move ID --to REGION</c></summary>
internal static class MoveVerb
{
    private static readonly Argument<string> Account = Words.Account();
    private static readonly Option<string?> To = Words.Region("--to", "The new home", required: true);
    private static readonly Option<bool> Wait = new("--wait") { Description = "Return when the move is over" };

    private static readonly Option<TimeSpan?> EraseAfter = Words.Duration(
        "--erase-after", "How long the old home keeps its copy, which serves nothing (default: not at all)");

    public static Command Create(CliHost host)
        => new VerbCommand(
            "move", "Move an account to another region, live",
            "domicile move xk3v5yq2mbnd7hae --to singapore --wait",
            "domicile move xk3v5yq2mbnd7hae --to california --erase-after 24h") { Account, To, Wait, EraseAfter }
            .Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var request = new NewMove(call.Get(Account), call.Get(To)!, call.Get(EraseAfter)?.TotalSeconds);
        var move = await control.PostAsync(
            "moves", request, ApiJson.Default.NewMove, ApiJson.Default.MoveView, cancellationToken);
        if (call.Get(Wait))
        {
            move = (await MoveProgress.WaitAsync(call, control, [move.Move], cancellationToken))[0];
        }

        MoveShowVerb.Print(call, move);
        if (move.State == "unproven")
        {
            throw new VerbFailedException(
                $"Account {move.Account} has moved to {move.To}, but its receipt can't be made ({move.Reason})",
                $"see `domicile doctor`; when it is mended, `domicile receipt {move.Move}`");
        }

        return move.State is "aborted" or "failed"
            ? throw new VerbFailedException(
                $"The move of {move.Account} to {move.To} was {move.State} ({move.Reason ?? "no reason given"})",
                $"see `domicile moves show {move.Move}`")
            : ExitCode.Done;
    }
}
