using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
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

    // The statement inside the signed envelope, where it is one; else the leaf's bytes.
    private static string Readable(string leaf)
    {
        var text = Decode(leaf) ?? leaf;
        try
        {
            using var envelope = JsonDocument.Parse(text);
            return envelope.RootElement.ValueKind == JsonValueKind.Object
                && envelope.RootElement.TryGetProperty("payload", out var payload)
                && payload.ValueKind == JsonValueKind.String && Decode(payload.GetString()!) is { } statement
                ? Clean.Line(statement) : Clean.Line(text);
        }
        catch (JsonException)
        {
            return Clean.Line(text);
        }
    }

    private static string? Decode(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }
}
