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
            null, typeof(CheckpointView), CheckpointAsync),
        new("GET", "/ledger/entries/{index}", "Shows an entry; the first has index 0.",
            null, typeof(LedgerEntryView), ShowAsync),
        new("GET", "/ledger/proofs/{index}", "Proves that an entry is in the ledger as it is now.",
            null, typeof(LedgerProofView), ProveAsync),
    ];

    private static async Task<Ok<CheckpointView>> CheckpointAsync(ControlDesk desk, CancellationToken cancelled)
        => TypedResults.Ok(await desk.Ledger.CheckpointAsync(cancelled));

    private static async Task<Results<Ok<LedgerEntryView>, ApiProblem>> ShowAsync(
        string index, ControlDesk desk, CancellationToken cancelled)
        => Read(index).Is(out var entry, out var refusal)
            ? Answers.From(await desk.Ledger.ShowAsync(entry, cancelled)) : ApiProblem.Of(refusal);

    private static async Task<Results<Ok<LedgerProofView>, ApiProblem>> ProveAsync(
        string index, ControlDesk desk, CancellationToken cancelled)
        => Read(index).Is(out var entry, out var refusal)
            ? Answers.From(await desk.Ledger.ProveViewAsync(entry, cancelled)) : ApiProblem.Of(refusal);

    private static Outcome<long> Read(string index)
        => long.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var entry)
            ? entry : Refusal.Malformed($"'{AccountRequests.Shown(index)}' is not the index of an entry");
}
