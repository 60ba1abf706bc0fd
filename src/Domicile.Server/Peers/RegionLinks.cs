using System.Buffers.Binary;
using System.Net;
using System.Text.Json;
using Domicile.Accounts;
using Domicile.Moves;

namespace Domicile.Server.Peers;

/// <summary>The other regions, over the wire.</summary>
internal sealed class RegionLinks : IRegionLinks, IDisposable
{
    private readonly PeerClients _peers;
    private readonly Func<RegionName, bool> _isMember;
    private readonly AccountQuestions _questions;

    /// <param name="isMember">Of the deployment, by control's word: to others nothing is said any more.</param>
    public RegionLinks(PeerClients peers, Func<RegionName, bool> isMember, TimeProvider time)
    {
        (_peers, _isMember) = (peers, isMember);
        _questions = new AccountQuestions(FindAtControlAsync, time);
    }

    public IRegionLink To(RegionName region)
        => _isMember(region)
            ? new RegionLink(_peers, region)
            : throw new RegionUnreachableException(region, "it is not of this deployment any more.");

    public Task<DirectoryEntry?> AskControlAsync(AccountId account, CancellationToken cancellationToken)
        => _questions.AskAsync(account, cancellationToken);

    public void Dispose() => _questions.Dispose();

    private async Task<DirectoryEntry?> FindAtControlAsync(AccountId account, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(_peers.ControlAddress, $"/peer/v1/accounts/{account}"))
        {
            Version = HttpVersion.Version20,
        };
        using var response = await _peers.SendToControlAsync(request, cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => await BoundedJson.ReadAsync(
                response.Content, MovesJson.Default.DirectoryEntry, PeerLimits.EntryBytesMax, cancellationToken),
            HttpStatusCode.NotFound => null,
            var other => throw new HttpRequestException($"Control answered {(int)other}."),
        };
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
            var response = await peers.SendAsync(region, PeerLane.Moves, request, cancellationToken);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                response.Dispose();
                throw new RegionUnreachableException(region, $"it answered {(int)response.StatusCode} to a pull.");
            }

            return await response.Content.ReadAsStreamAsync(cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new RegionUnreachableException(region, PeerText.Clean(e.Message), e);
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
            var response = await peers.SendAsync(region, PeerLane.Moves, request, cancellationToken);
            return response.StatusCode == HttpStatusCode.OK
                ? await response.Content.ReadAsStreamAsync(cancellationToken)
                : throw new RegionUnreachableException(region, $"it answered {(int)response.StatusCode} to a probe.");
        }
        catch (HttpRequestException e)
        {
            throw new RegionUnreachableException(region, PeerText.Clean(e.Message), e);
        }
    }

    public async Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
        => (await PeerCalls.AskAsync(
            peers, region, PeerLane.Moves, "/peer/v1/refuse", new PeerCall { Order = order, Reason = reason },
            MovesJson.Default.PeerCall, MovesJson.Default.StepAnswer, new AnswerBounds(Short), cancellationToken))!;

    public async Task<HandOverAnswer> HandOverAsync(
        HandOver handOver, Func<Stream, CancellationToken, Task> writeBody, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(HandOverSilenceMax);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(peers.AddressOf(region), "/peer/v1/handover"))
        {
            Content = new HandOverContent(handOver, writeBody, () => silence.CancelAfter(HandOverSilenceMax)),
        };
        try
        {
            return (await PeerCalls.SendAsync(
                peers, region, PeerLane.HandOvers, request, MovesJson.Default.HandOverAnswer,
                new AnswerBounds(HandOverMax, PeerLimits.ResultBytesMax), silence.Token))!;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            peers.Renew(region);
            throw new RegionUnreachableException(
                region, $"it was silent for {HandOverSilenceMax.TotalSeconds} s in a hand-over.", e);
        }
    }

    private sealed class HandOverContent(
        HandOver handOver, Func<Stream, CancellationToken, Task> writeBody, Action heard) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
            => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            var json = JsonSerializer.SerializeToUtf8Bytes(handOver, MovesJson.Default.HandOver);
            var head = new byte[sizeof(int)];
            BinaryPrimitives.WriteInt32BigEndian(head, json.Length);
            await stream.WriteAsync(head, cancellationToken);
            await stream.WriteAsync(json, cancellationToken);
            heard();
            await writeBody(new HeardStream(stream, heard), cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>Tells of each piece that the link has taken.</summary>
    private sealed class HeardStream(Stream stream, Action heard) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await stream.WriteAsync(buffer, cancellationToken);
            heard();
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);

        public override void Flush() => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
