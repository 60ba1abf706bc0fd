using System.CommandLine;
using System.Globalization;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile ledger prove N</c>: that an entry is in the ledger under its checkpoint (RFC 6962, 2.1.1).</summary>
internal static class LedgerProveVerb
{
    private static readonly Argument<long> Index = Words.Index("Index of the entry, from 0");

    public static Command Create(CliHost host)
        => new VerbCommand("prove", "Print the proof that an entry is in the ledger", "domicile ledger prove 7 --json > proof.json")
        {
            Index,
        }.Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var proof = await control.GetAsync(
            $"ledger/proofs/{call.Get(Index)}", ApiJson.Default.LedgerProofView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(proof, ApiJson.Default.LedgerProofView);
            return ExitCode.Done;
        }

        call.Terminal.Print(Tables.Facts()
            .Fact("entry", proof.Index.ToString(CultureInfo.InvariantCulture))
            .Fact("tree size", proof.TreeSize.ToString(CultureInfo.InvariantCulture)).Fact("leaf hash", proof.LeafHash));
        proof.Hashes.ToList().ForEach(hash => call.Terminal.PrintLine("  " + Clean.Line(hash)));
        call.Terminal.PrintText(proof.Checkpoint);
        return ExitCode.Done;
    }
}
