using Domicile.Control;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Domicile.Server.Api;

/// <summary>Moves, and the receipts that prove them.</summary>
internal static class MovesApi
{
    public static IReadOnlyList<ApiOperation> Operations { get; } =
    [
        new("POST", "/moves", "Moves an account to a region that policy permits.",
            typeof(NewMove), typeof(MoveView), MoveAsync),
        new("GET", "/moves", "Lists the newest 1,000 moves, newest first, and says how many are older.",
            null, typeof(MoveList), List),
        new("GET", "/moves/before/{id}", "Lists 1,000 moves more: the newest of those that are older than this one.",
            null, typeof(MoveList), ListBefore),
        new("GET", "/moves/watch",
            "The open moves, then each move whenever it changes, a document a line, until you leave.",
            null, typeof(MoveView), Watch) { MediaType = JsonLines.MediaType },
        new("GET", "/moves/{id}", "Shows a move.", null, typeof(MoveView), Show),
        new("POST", "/moves/{id}/abort", "Asks a move to go back; possible until its commit point.",
            null, typeof(MoveView), AbortAsync),
        new("GET", "/moves/{id}/receipt", "The move's receipt, which verifies offline.",
            null, typeof(byte[]), ReceiptAsync) { IsOpaque = true },
    ];

    private static async Task<Results<Ok<MoveView>, ApiProblem>> MoveAsync(
        NewMove request, ControlDesk desk, CancellationToken cancelled)
        => Answers.From(await desk.Moves.MoveAsync(request, cancelled));

    private static Ok<MoveList> List(ControlDesk desk) => TypedResults.Ok(desk.Moves.List());

    private static Results<Ok<MoveList>, ApiProblem> ListBefore(string id, ControlDesk desk)
        => Read(id).Is(out var move, out var refusal) ? Answers.From(desk.Moves.ListBefore(move)) : ApiProblem.Of(refusal);

    private static JsonLines<MoveView> Watch(ControlDesk desk, IHostApplicationLifetime host)
        => new(desk.Moves.WatchAsync, ApiJson.Default.MoveView, host.ApplicationStopping);

    private static Results<Ok<MoveView>, ApiProblem> Show(string id, ControlDesk desk)
        => Read(id).Is(out var move, out var refusal) ? Answers.From(desk.Moves.Show(move)) : ApiProblem.Of(refusal);

    private static async Task<Results<Ok<MoveView>, ApiProblem>> AbortAsync(
        string id, ControlDesk desk, HttpContext context, CancellationToken cancelled)
        => Read(id).Is(out var move, out var refusal)
            ? Answers.From(await desk.Moves.AbortAsync(move, context.Operator(), cancelled)) : ApiProblem.Of(refusal);

    private static async Task<Results<FileContentHttpResult, ApiProblem>> ReceiptAsync(
        string id, ControlDesk desk, CancellationToken cancelled)
        => Read(id).Is(out var move, out var refusal)
            && (await desk.ReceiptAsync(move, cancelled)).Is(out var receipt, out refusal)
            ? TypedResults.Bytes(receipt, "application/json") : ApiProblem.Of(refusal);

    private static Outcome<Guid> Read(string id)
        => Guid.TryParseExact(id, "D", out var move)
            ? move : Refusal.Malformed($"'{AccountRequests.Shown(id)}' is not a move id", "'domicile moves list' shows the moves");
}
