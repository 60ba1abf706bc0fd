using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Domicile.Accounts;
using Domicile.Moves;

namespace Domicile.Server.Peers;

/// <summary>What one region asks of another: the stream of changes, the arbiter's word, a client's write handed over.</summary>
internal static class RegionLinkEndpoints
{
    private const int CommandBytesMax = 8 << 20;
    private const int ProbeChunkBytes = 64 << 10;

    /// <summary>
    /// The target pulls. The body of the question is <see cref="PullQuestion"/>, the answer <see cref="ChangeStream"/> frames.
    /// </summary>
    public static async Task ChangesAsync(HttpContext context, RegionNode node, RegionName caller)
    {
        var question = (await context.Request.ReadFromJsonAsync(LinkJson.Default.PullQuestion, context.RequestAborted))!;
        if (question.Order.Target != caller || question.Order.Source != node.Region.Name)
        {
            throw new RegionRefusedException(node.Region.Name, $"{caller} is not the target of this move");
        }

        context.Response.ContentType = "application/octet-stream";
        context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseBodyFeature>()!.DisableBuffering();
        try
        {
            await node.Changes.StreamAsync(
                question.Order, question.After, question.BoxKey, context.Response.BodyWriter, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The target is gone, or the account is being erased here: nothing of it goes out any more.
            context.Abort();
        }
    }

    /// <summary>As many bytes as the query's <c>bytes</c> says, for a target to see how fast they come.</summary>
    public static async Task ProbeAsync(HttpContext context)
    {
        if (!int.TryParse(context.Request.Query["bytes"], NumberStyles.None, CultureInfo.InvariantCulture, out var left)
            || left > MoveLimits.ProbeBytesMax)
        {
            throw new BadHttpRequestException("A probe of so many bytes.");
        }

        context.Response.ContentLength = left;
        for (var chunk = new byte[ProbeChunkBytes]; left > 0; left -= ProbeChunkBytes)
        {
            await context.Response.Body.WriteAsync(chunk.AsMemory(0, Math.Min(left, ProbeChunkBytes)), context.RequestAborted);
        }
    }

    public static async Task RefuseAsync(HttpContext context, RegionNode node, RegionName caller)
    {
        var question = (await context.Request.ReadFromJsonAsync(MovesJson.Default.PeerCall, context.RequestAborted))!;
        if (question.Order!.Source != caller || question.Order.Target != node.Region.Name)
        {
            throw new RegionRefusedException(node.Region.Name, $"{caller} is not the source of this move");
        }

        var answer = await node.RefuseAsync(question.Order, question.Reason ?? "Aborted.", context.RequestAborted);
        await context.Response.WriteAsJsonAsync(answer, MovesJson.Default.StepAnswer, cancellationToken: context.RequestAborted);
    }

    /// <summary>Four bytes of length (big endian), the hand-over in JSON, then the content's sealed bytes, if it has a file.</summary>
    public static async Task HandOverAsync(HttpContext context, RegionNode node, RegionName caller)
    {
        context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        var body = context.Request.Body;
        var head = new byte[sizeof(int)];
        await body.ReadExactlyAsync(head, context.RequestAborted);
        var lengthBytes = BinaryPrimitives.ReadInt32BigEndian(head);
        if (lengthBytes is <= 0 or > CommandBytesMax)
        {
            throw new BadHttpRequestException($"A hand-over of {lengthBytes} bytes.");
        }

        var json = new byte[lengthBytes];
        await body.ReadExactlyAsync(json, context.RequestAborted);
        var handOver = JsonSerializer.Deserialize(json, MovesJson.Default.HandOver)!;
        var answer = await node.HandOvers.TakeAsync(caller, handOver, body, context.RequestAborted);
        await context.Response.WriteAsJsonAsync(
            answer, MovesJson.Default.HandOverAnswer, cancellationToken: context.RequestAborted);
    }
}

/// <param name="BoxKey">For which the source seals the account's key: see Storage.SecretBox.</param>
internal sealed record PullQuestion(MoveOrder Order, long After, byte[] BoxKey);

[System.Text.Json.Serialization.JsonSourceGenerationOptions(
    PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.CamelCase)]
[System.Text.Json.Serialization.JsonSerializable(typeof(PullQuestion))]
internal sealed partial class LinkJson : System.Text.Json.Serialization.JsonSerializerContext;
