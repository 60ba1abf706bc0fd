using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Domicile.Server.Api;

internal static class JsonLines
{
    /// <summary>See https://jsonlines.org: UTF-8, one document a line.</summary>
    public const string MediaType = "application/jsonl";
}

/// <summary>
/// Answers documents as they come, one a line, each sent at once. Ends with the client, with the source, or when the
/// process is to stop.
/// </summary>
internal sealed class JsonLines<T>(
    Func<CancellationToken, IAsyncEnumerable<T>> source, JsonTypeInfo<T> form, CancellationToken stopping) : IResult
{
    private static readonly byte[] LineEnd = "\n"u8.ToArray();

    public async Task ExecuteAsync(HttpContext context)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        var body = context.Response.Body;
        context.Response.ContentType = JsonLines.MediaType;
        try
        {
            // The client learns at once that it is connected, even if there is nothing to say yet.
            await body.FlushAsync(either.Token);
            await foreach (var document in source(either.Token).WithCancellation(either.Token))
            {
                await JsonSerializer.SerializeAsync(body, document, form, either.Token);
                await body.WriteAsync(LineEnd, either.Token);
                await body.FlushAsync(either.Token);
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // The client has left, or the process stops: that is how a watch ends.
        }
    }
}
