using System.Buffers.Binary;
using System.Net;
using System.Text.Json;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;

namespace Domicile.Server.Peers;

/// <summary>The other regions, over the wire.</summary>
internal sealed class RegionLinks(PeerClients peers, DeploymentConfig config) : IRegionLinks
{
    private static readonly TimeSpan ControlPatience = TimeSpan.FromSeconds(3);

    public IRegionLink To(RegionName region) => new RegionLink(peers, region);

    public Uri EndpointOf(RegionName region) => config.Find(region)!.Endpoint;

    public async Task<DirectoryEntry?> AskControlAsync(AccountId account, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ControlPatience);
        try
        {
            using var request = new HttpRequestMessage(
                HttpMethod.Get, new Uri(peers.ControlAddress, $"/peer/v1/accounts/{account}"));
            using var response = await peers.SendToControlAsync(request, timeout.Token);
            return response.StatusCode == HttpStatusCode.OK
                ? await response.Content.ReadFromJsonAsync(MovesJson.Default.DirectoryEntry, timeout.Token)
                : null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null; // The data plane stands without control: what the replica says must do.
        }
    }
}

/// <summary>Another region, asked by this one.</summary>
internal sealed class RegionLink(PeerClients peers, RegionName region) : IRegionLink
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HandOverMax = TimeSpan.FromMinutes(10);

    // A piece of a content on its way, or, after the last, the target's fsyncs and commit.
    private static readonly TimeSpan HandOverSilenceMax = TimeSpan.FromSeconds(30);

    public async Task<Stream> PullAsync(MoveOrder order, long after, byte[] boxKey, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(peers.AddressOf(region), "/peer/v1/changes"))
        {
            Content = JsonContent.Create(new PullQuestion(order, after, boxKey), LinkJson.Default.PullQuestion),
        };
        try
        {
            var response = await peers.SendAsync(region, request, cancellationToken);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                response.Dispose();
                throw new RegionUnreachableException(region, $"it answered {(int)response.StatusCode} to a pull.");
            }

            return await response.Content.ReadAsStreamAsync(cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new RegionUnreachableException(region, e.Message, e);
        }
        catch (OperationCanceledException)
        {
            peers.Renew(region);
            throw;
        }
    }

    public async Task<Stream> ProbeAsync(int lengthBytes, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(peers.AddressOf(region), $"/peer/v1/probe?bytes={lengthBytes}"));
        try
        {
            var response = await peers.SendAsync(region, request, cancellationToken);
            return response.StatusCode == HttpStatusCode.OK
                ? await response.Content.ReadAsStreamAsync(cancellationToken)
                : throw new RegionUnreachableException(region, $"it answered {(int)response.StatusCode} to a probe.");
        }
        catch (HttpRequestException e)
        {
            throw new RegionUnreachableException(region, e.Message, e);
        }
    }

    public async Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
        => (await PeerCalls.AskAsync(
            peers, region, "/peer/v1/refuse", new PeerCall { Order = order, Reason = reason }, MovesJson.Default.PeerCall,
            MovesJson.Default.StepAnswer, Short, cancellationToken))!;

    public async Task<HandOverAnswer> HandOverAsync(
        HandOver handOver, Stream? content, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(HandOverSilenceMax);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(peers.AddressOf(region), "/peer/v1/handover"))
        {
            Content = new HandOverContent(handOver, content, () => silence.CancelAfter(HandOverSilenceMax)),
        };
        try
        {
            return (await PeerCalls.SendAsync(
                peers, region, request, MovesJson.Default.HandOverAnswer, HandOverMax, silence.Token))!;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            peers.Renew(region);
            throw new RegionUnreachableException(
                region, $"it was silent for {HandOverSilenceMax.TotalSeconds} s in a hand-over.", e);
        }
    }

    private sealed class HandOverContent(HandOver handOver, Stream? content, Action heard) : HttpContent
    {
        private const int PieceBytes = 256 << 10;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var json = JsonSerializer.SerializeToUtf8Bytes(handOver, MovesJson.Default.HandOver);
            var head = new byte[sizeof(int)];
            BinaryPrimitives.WriteInt32BigEndian(head, json.Length);
            await stream.WriteAsync(head);
            await stream.WriteAsync(json);
            heard();
            if (content is null)
            {
                return;
            }

            var piece = new byte[PieceBytes];
            while (await content.ReadAsync(piece) is > 0 and var read)
            {
                await stream.WriteAsync(piece.AsMemory(0, read));
                heard();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
