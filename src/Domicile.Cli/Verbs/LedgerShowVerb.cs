using System.CommandLine;
using System.Globalization;
using System.Text;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile ledger show N</c></summary>
internal static class LedgerShowVerb
{
    private static readonly Argument<long> Index = Words.Index("Index of the entry, from 0");

    public static Command Create(CliHost host)
        => new VerbCommand("show", "Show an entry of the ledger", "domicile ledger show 7") { Index }.Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var entry = await control.GetAsync(
            $"ledger/entries/{call.Get(Index)}", ApiJson.Default.LedgerEntryView, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(entry, ApiJson.Default.LedgerEntryView);
            return ExitCode.Done;
        }

        call.Terminal.Print(Tables.Facts()
            .Fact("entry", entry.Index.ToString(CultureInfo.InvariantCulture)).Fact("kind", entry.Kind)
            .Fact("at", entry.At.ToString("u", CultureInfo.InvariantCulture)).Fact("leaf hash", entry.LeafHash));
        call.Terminal.PrintLine(Readable(entry.LeafBase64));
        return ExitCode.Done;
    }

    private static string Readable(string leaf)
    {
        var bytes = new byte[leaf.Length];
        return Convert.TryFromBase64String(leaf, bytes, out var length)
            ? Clean.Line(Encoding.UTF8.GetString(bytes, 0, length)) : Clean.Line(leaf);
    }
}
