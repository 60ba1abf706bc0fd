using System.CommandLine;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile ledger checkpoint</c>: the ledger's signed head.</summary>
internal static class LedgerCheckpointVerb
{
    public static Command Create(CliHost host)
        => new VerbCommand("checkpoint", "Print the ledger's signed head", "domicile ledger checkpoint").Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var checkpoint = await control.GetAsync("ledger/checkpoint", ApiJson.Default.CheckpointView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(checkpoint, ApiJson.Default.CheckpointView);
        }
        else
        {
            // As it was signed, byte for byte: it is text.
            call.Terminal.PrintText(checkpoint.Note);
            call.Terminal.Say(checkpoint.PublicKeyPem.TrimEnd());
        }

        return ExitCode.Done;
    }
}
