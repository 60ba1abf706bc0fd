using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile moves show MOVE</c></summary>
internal static class MoveShowVerb
{
    private static readonly Argument<Guid> Move = Words.Move();

    public static Command Create(CliHost host)
        => new VerbCommand("show", "Show one move", "domicile moves show 0197a1b2-0000-7000-8000-000000000000") { Move }
            .Runs(host, RunAsync);

    public static void Print(VerbCall call, MoveView move)
    {
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(move, ApiJson.Default.MoveView);
        }
        else
        {
            call.Terminal.Print(MoveTables.Of(move));
        }
    }

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        Print(call, await control.GetAsync($"moves/{call.Get(Move)}", ApiJson.Default.MoveView, cancellationToken));
        return ExitCode.Done;
    }
}
