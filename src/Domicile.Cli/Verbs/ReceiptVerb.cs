using System.CommandLine;
using System.Text;
using Domicile.Deployments;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile receipt MOVE</c>: the signed statement of a move, for who wants to check it elsewhere.</summary>
internal static class ReceiptVerb
{
    private static readonly Argument<Guid> Move = Words.Move();
    private static readonly Option<string?> Output = new("-o", "--output") { Description = "Write it here", HelpName = "FILE" };

    public static Command Create(CliHost host)
        => new VerbCommand(
            "receipt", "Fetch the receipt of a move",
            "domicile receipt 0197a1b2-0000-7000-8000-000000000000 -o receipt.json", "domicile verify receipt.json")
        {
            Move, Output,
        }.Runs(host, RunAsync);

    private static async Task<int> RunAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var receipt = await control.GetBytesAsync($"moves/{call.Get(Move)}/receipt", cancellationToken);
        if (call.Get(Output) is not { } path)
        {
            // A receipt is a JSON document itself, so --json prints the same.
            call.Terminal.PrintText(Encoding.UTF8.GetString(receipt).TrimEnd() + "\n");
            return ExitCode.Done;
        }

        SmallFile.Replace(Path.GetFullPath(path), receipt, SmallFile.Secret);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(
                new ReceiptDocument(call.Get(Move), Path.GetFullPath(path), receipt.Length), CliJson.Default.ReceiptDocument);
        }
        else
        {
            call.Terminal.PrintLine($"{path}: {receipt.Length} bytes. Check it with `domicile verify {path}`.");
        }

        return ExitCode.Done;
    }
}
