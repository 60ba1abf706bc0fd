using System.Buffers.Binary;
using System.IO.Pipelines;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Simulation.Checks;
using Domicile.Simulation.Engine;
using Domicile.Simulation.Machines;

namespace Domicile.Simulation.Clients;

/// <summary>
/// What an S3 endpoint does with a request, without HTTP: it routes by the gateway, relays at most three times, checks the
/// client's signature at the home, stages the content, and runs the command. See src/Domicile.Server/S3/S3Endpoint.cs.
/// </summary>
internal sealed class S3Desk(Deployment deployment, RegionMachine region, Life life)
{
    private const int HopsMax = 3;
    private const int RoutesMax = 4;

    private readonly RegionNode _node = region.Up;

    public async Task<Reply> HandleAsync(SignedCall call, int hops, CancellationToken cancellationToken)
    {
        var request = call.Request;
        if (!request.IsWrite && deployment.Seeds.FindCached(region, _node, request.Account) is { } cached)
        {
            await using (cached)
            {
                return await ServeAsync(cached, call, cancellationToken);
            }
        }

        for (var tries = 0; tries < RoutesMax; tries++)
        {
            switch (await _node.Gateway.RouteAsync(request.Account, request.IsWrite, cancellationToken))
            {
                case Route.Here(var copy):
                    await using (copy)
                    {
                        return await ServeAsync(copy, call, cancellationToken);
                    }

                case Route.Forward(var home) when hops < HopsMax:
                    var relayed = await RelayAsync(home, call, hops + 1, cancellationToken);
                    if (relayed is not Reply.Elsewhere moved)
                    {
                        return relayed;
                    }

                    await _node.Gateway.LearnAsync(request.Account, home, moved.Home, moved.Epoch, cancellationToken);
                    break;
                case Route.Redirect redirect:
                    return new Reply.Elsewhere(redirect.Home, redirect.Epoch);
                case Route.Busy busy:
                    return new Reply.Busy(busy.Reason);
                case Route.Damaged when region.Rot?.Account == request.Account:
                    return new Reply.Silence(); // 403 in production: it must not be taken for an answer
                case Route.Damaged damaged:
                    throw new ViolationException(Invariants.NoLostWrite, damaged.Reason); // nothing of it has rotted
                case Route.Unknown:
                    return new Reply.Silence(); // 403 in production; here it only says that this node knows too little
                default:
                    return new Reply.Busy("relayed too often, or forbidden");
            }
        }

        return new Reply.Busy("The account is moving faster than the request.");
    }

    private async Task<Reply> RelayAsync(
        RegionName home, SignedCall call, int hops, CancellationToken cancellationToken)
    {
        var other = deployment.Region(home);
        try
        {
            return await deployment.Network.CallAsync(
                life, region, other, $"relay {call.Request.GetType().Name}",
                token => new S3Desk(deployment, other, other.Life!).HandleAsync(call, hops, token), cancellationToken,
                mayRepeat: false);
        }
        catch (RegionUnreachableException)
        {
            // A relay that gets no answer says 503; the client can't know whether it happened.
            return new Reply.Silence();
        }
    }

    private async Task<Reply> ServeAsync(AccountCopy copy, SignedCall call, CancellationToken cancellationToken)
    {
        if (!call.IsSignedWith(await copy.FindCredentialAsync(call.Request.AccessKey, cancellationToken)))
        {
            return new Reply.Denied();
        }

        var received = new ReceivedCall(call, life.Time.GetUtcNow());
        return call.Request switch
        {
            Request.Put put => await StoreAsync(copy, received, put.Value, put.LengthBytes, put.StallMs, cancellationToken),
            Request.PutPart part => await StoreAsync(copy, received, part.Value, part.LengthBytes, part.StallMs, cancellationToken),
            Request.Get get => await GetAsync(copy, get, cancellationToken),
            Request.List list => await ListAsync(copy, list, cancellationToken),
            Request.ListVersions list => await ListAsync(copy, list, cancellationToken),
            _ => await RunAsync(copy, received, Commands.Of(call.Request, null), cancellationToken),
        };
    }

    private async Task<Reply> StoreAsync(
        AccountCopy copy, ReceivedCall received, long value, int lengthBytes, int stallMs, CancellationToken cancellationToken)
    {
        await using var writer = copy.StageContent();
        var staged = await StageAsync(writer, value, lengthBytes, stallMs, cancellationToken);
        var mayHaveCommitted = true;
        try
        {
            var reply = await RunAsync(copy, received, Commands.Of(received.Call.Request, staged), cancellationToken);
            mayHaveCommitted = reply is Reply.Written { Result: not CommandResult.Refused };
            return reply;
        }
        finally
        {
            if (mayHaveCommitted)
            {
                writer.Adopted();
            }
        }
    }

    // The body arrives in pieces: seals fall in between.
    private async Task<StagedContent> StageAsync(
        ContentWriter writer, long value, int lengthBytes, int stallMs, CancellationToken cancellationToken)
    {
        var bytes = Contents.BytesOf(value, lengthBytes);
        await writer.WriteAsync(bytes.AsMemory(0, lengthBytes / 2), cancellationToken);
        await Task.Delay(TimeSpan.FromMilliseconds(stallMs), life.Time, cancellationToken);
        await writer.WriteAsync(bytes.AsMemory(lengthBytes / 2), cancellationToken);
        return await writer.CompleteAsync(cancellationToken);
    }

    private async Task<Reply> RunAsync(
        AccountCopy copy, ReceivedCall received, AccountCommand command, CancellationToken cancellationToken)
        => await _node.Gateway.WriteAsync(copy, command, received, cancellationToken) switch
        {
            CommandResult.Refused { Code: "SlowDown" } busy => new Reply.Busy(busy.Detail ?? ""),
            CommandResult.Refused { Code: Replay.Denied } => new Reply.Denied(),
            var result => new Reply.Written(result),
        };

    private async Task<Reply> GetAsync(AccountCopy copy, Request.Get get, CancellationToken cancellationToken)
    {
        if (await copy.FindObjectAsync(get.Bucket, get.Key, null, cancellationToken) is not { IsDeleteMarker: false } found)
        {
            return new Reply.Found(0);
        }

        if (get.StallMs > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(get.StallMs), life.Time, cancellationToken);
        }

        using var body = new MemoryStream();
        var output = PipeWriter.Create(body, new StreamPipeWriterOptions(leaveOpen: true));
        await copy.ReadContentAsync(found.Pieces, 0, found.SizeBytes, output, cancellationToken);
        await output.CompleteAsync();
        return Contents.ValueOf(body.GetBuffer().AsSpan(0, (int)body.Length)) is { } value && value == deployment.History.ValueOf(found.ETag)
            ? new Reply.Found(value)
            : throw new ViolationException(
                Invariants.NoLostWrite, $"{get.Key} says {found.ETag} of {found.SizeBytes} bytes, its content is another one's");
    }

    private async Task<Reply> ListAsync(AccountCopy copy, Request.List list, CancellationToken cancellationToken)
    {
        var page = await copy.ListObjectsAsync(new ObjectQuery(list.Bucket, "", "", null, 1000), cancellationToken);
        return new Reply.Listed([.. page.Objects.Select(one => (one.Key, deployment.History.ValueOf(one.ETag)))]);
    }

    private async Task<Reply> ListAsync(AccountCopy copy, Request.ListVersions list, CancellationToken cancellationToken)
    {
        var page = await copy.ListVersionsAsync(new VersionQuery(list.Bucket, "", "", null, null, 1000), cancellationToken);
        return new Reply.Listed([.. page.Versions.Select(one => (one.Key, one.IsDeleteMarker ? 0 : deployment.History.ValueOf(one.ETag)))]);
    }
}

/// <summary>Contents that say which write they came from.</summary>
internal static class Contents
{
    public static readonly IReadOnlyDictionary<string, string> NoTags = new Dictionary<string, string>();

    public static byte[] BytesOf(long value, int lengthBytes)
    {
        var bytes = new byte[lengthBytes];
        bytes.AsSpan().Fill((byte)(value * 31));
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    /// <returns>The write's number; null where the bytes are not whole.</returns>
    public static long? ValueOf(ReadOnlySpan<byte> bytes)
    {
        var value = bytes.Length < sizeof(long) ? 0 : BinaryPrimitives.ReadInt64BigEndian(bytes);
        return value > 0 && !bytes[sizeof(long)..].ContainsAnyExcept((byte)(value * 31)) ? value : null;
    }

    public static string ETagOf(long value) => value.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);
}
