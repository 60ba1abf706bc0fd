using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Storage;
using Microsoft.AspNetCore.Http.Features;

namespace Domicile.Server.Peers;

/// <summary>What one region asks of another: the stream of changes, the arbiter's word, a client's write handed over.</summary>
internal static class RegionLinkEndpoints
{
    // A head is at most a first line and 32 KiB of headers; escaped, and in base 64.
    private const int HandOverBytesMax = 512 << 10;
    private const int ProbeChunkBytes = 64 << 10;

    /// <summary>
    /// The target pulls. The body of the question is <see cref="PullQuestion"/>, the answer <see cref="ChangeStream"/> frames.
    /// </summary>
    public static async Task ChangesAsync(HttpContext context, RegionNode node, RegionName caller, CallerTurns turns)
    {
        var question = await RegionPeerEndpoints.ReadAsync(context, LinkJson.Default.PullQuestion, PeerLimits.MessageBytesMax);
        var order = Complete(question.Order);
        node.Region.CheckOrder(order);
        if (order.Target != caller || order.Source != node.Region.Name)
        {
            throw new RegionRefusedException(node.Region.Name, $"{caller} is not the target of this move");
        }

        if (question.BoxKey is not { Length: SecretBox.PublicKeyBytes })
        {
            throw new BadHttpRequestException("The question has no key to seal the account's for.");
        }

        var identity = new PeerIdentity.Region(caller);
        var stream = turns.BeginStream(identity, order.Move, context.RequestAborted);
        try
        {
            context.Response.ContentType = "application/octet-stream";
            context.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
            await node.Changes.StreamAsync(
                order, caller, question.After, question.BoxKey, context.Response.BodyWriter, stream.Token);
        }
        catch (OperationCanceledException)
        {
            // The caller has a newer one, or is gone, or the account is being erased here: nothing of it goes out any more.
            context.Abort();
        }
        finally
        {
            turns.EndStream(identity, order.Move, stream);
        }
    }

    /// <summary>As many bytes as the query's <c>bytes</c> says, for a target to see how fast they come.</summary>
    public static async Task ProbeAsync(HttpContext context)
    {
        if (!int.TryParse(context.Request.Query["bytes"], NumberStyles.None, CultureInfo.InvariantCulture, out var left)
            || left is < 0 or > MoveLimits.ProbeBytesMax)
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
        var question = await RegionPeerEndpoints.ReadAsync(context, MovesJson.Default.PeerCall, PeerLimits.MessageBytesMax);
        var order = Complete(question.Order);
        node.Region.CheckOrder(order);
        if (order.Source != caller || order.Target != node.Region.Name)
        {
            throw new RegionRefusedException(node.Region.Name, $"{caller} is not the source of this move");
        }

        var answer = await node.RefuseAsync(order, PeerText.Clean(question.Reason ?? "Aborted."), context.RequestAborted);
        await context.Response.WriteAsJsonAsync(answer, MovesJson.Default.StepAnswer, cancellationToken: context.RequestAborted);
    }

    /// <summary>Four bytes of length (big endian), the hand-over in JSON, then the body as the client sent it.</summary>
    public static async Task HandOverAsync(HttpContext context, RegionNode node, RegionName caller)
    {
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        var body = context.Request.Body;
        var head = new byte[sizeof(int)];
        await body.ReadExactlyAsync(head, context.RequestAborted);
        var lengthBytes = BinaryPrimitives.ReadInt32BigEndian(head);
        if (lengthBytes is <= 0 or > HandOverBytesMax)
        {
            throw new BadHttpRequestException($"A hand-over of {lengthBytes} bytes.");
        }

        var json = new byte[lengthBytes];
        await body.ReadExactlyAsync(json, context.RequestAborted);
        if (JsonSerializer.Deserialize(json, MovesJson.Default.HandOver) is not
            { Head: not null, Attempt.Length: > 0 and <= AttemptIds.CharsMax } handOver)
        {
            throw new BadHttpRequestException("A hand-over without its attempt or its request.");
        }

        var answer = await node.HandOvers.TakeAsync(caller, handOver, body, context.RequestAborted);
        await context.Response.WriteAsJsonAsync(
            answer, MovesJson.Default.HandOverAnswer, cancellationToken: context.RequestAborted);
    }

    // JSON may leave out what the type promises.
    private static MoveOrder Complete(MoveOrder? order)
        => order is
        { Profile: { Id.Value: not null, Residence.Code: not null }, Salt: not null, Source.Value: not null, Target.Value: not null }
            ? order
            : throw new BadHttpRequestException("The question has no whole order.");
}

/// <param name="BoxKey">For which the source seals the account's key: see <see cref="SecretBox"/>.</param>
internal sealed record PullQuestion(MoveOrder Order, long After, byte[] BoxKey);

[System.Text.Json.Serialization.JsonSourceGenerationOptions(
    PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.CamelCase)]
[System.Text.Json.Serialization.JsonSerializable(typeof(PullQuestion))]
internal sealed partial class LinkJson : System.Text.Json.Serialization.JsonSerializerContext;
