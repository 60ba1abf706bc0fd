using System.Globalization;
using Domicile.Control;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Domicile.Server.Api;

/// <summary>The ledger.</summary>
internal static class LedgerApi
{
    public static IReadOnlyList<ApiOperation> Operations { get; } =
    [
        new("GET", "/ledger/checkpoint", "The ledger's signed head, and the key that signs it.",
            null, typeof(CheckpointView), Checkpoint),
        new("GET", "/ledger/entries/{index}", "Shows an entry; the first has index 0.",
            null, typeof(LedgerEntryView), Show),
        new("GET", "/ledger/proofs/{index}", "Proves that an entry is in the ledger as it is now.",
            null, typeof(LedgerProofView), Prove),
    ];

    private static Ok<CheckpointView> Checkpoint(ControlDesk desk) => TypedResults.Ok(desk.Ledger.Checkpoint());

    private static Results<Ok<LedgerEntryView>, ApiProblem> Show(string index, ControlDesk desk)
        => Read(index).Is(out var entry, out var refusal) ? Answers.From(desk.Ledger.Show(entry)) : ApiProblem.Of(refusal);

    private static Results<Ok<LedgerProofView>, ApiProblem> Prove(string index, ControlDesk desk)
        => Read(index).Is(out var entry, out var refusal) ? Answers.From(desk.Ledger.Prove(entry)) : ApiProblem.Of(refusal);

    private static Outcome<long> Read(string index)
        => long.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var entry)
            ? entry : Refusal.Malformed($"'{AccountRequests.Shown(index)}' is not the index of an entry");
}
