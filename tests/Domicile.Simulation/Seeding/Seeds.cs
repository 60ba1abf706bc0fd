using System.IO.Pipelines;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Simulation.Machines;
using Domicile.Storage;

namespace Domicile.Simulation.Seeding;

/// <summary>
/// Puts a bug between the parts; the product itself has none of this. Where the digests would turn a bug into a move that
/// fails loudly, they are out of work too, as by DIGESTS=0 in spec/: what the copy is worth must show without them.
/// </summary>
internal sealed class Seeds(SeededBug bug)
{
    // By region and move: how far the target has received, whatever of it was stored.
    private readonly Dictionary<(RegionName, Guid), long> _received = [];
    private readonly HashSet<(RegionName, AccountId)> _served = [];

    /// <summary>What the machines' disks leave out.</summary>
    public bool ForgetsFlushes => bug == SeededBug.FlushForgotten;

    /// <inheritdoc cref="ForgetsFlushes"/>
    public bool ForgetsNames => bug == SeededBug.NameNotFlushed;

    /// <inheritdoc cref="ForgetsFlushes"/>
    public bool ForgetsCommits => bug == SeededBug.CommitNotFlushed;

    /// <summary>What a hostile region tries, because of the bug; null where the bug needs none.</summary>
    public HostileKind? Hostile => HostileKinds.OfBug(bug);

    /// <summary>Whether this check is missing: a hostile region is given what the check would have refused.</summary>
    public bool IsMissing(SeededBug check) => bug == check;

    /// <summary>Whether nobody compares what source and target say that they hold.</summary>
    public bool IsWithoutDigests
        => bug is SeededBug.FinalPositionBeforeDrain or SeededBug.CheckpointOnReceive or SeededBug.CopyNotAtomic
            or SeededBug.StopBeforePosition or SeededBug.VerifierSharesEnumeration or SeededBug.MissedDelete
            or SeededBug.UploadLeftBehind;

    private bool IsInStream
        => bug is SeededBug.CheckpointOnReceive or SeededBug.CopyNotAtomic or SeededBug.VerifierSharesEnumeration
            or SeededBug.MissedDelete or SeededBug.UploadLeftBehind;

    /// <summary>A region's links to others.</summary>
    public IRegionLinks Wrap(IRegionLinks links) => bug == SeededBug.AbortForgetsSeal ? new ForgetfulLinks(links) : links;

    /// <summary>A region as the message finds it.</summary>
    public IRegionPeer Wrap(RegionMachine machine, IRegionPeer peer)
        => bug == SeededBug.None ? peer : new BuggyRegion(machine, peer, bug, IsWithoutDigests);

    /// <summary>A region as control's runner sees it.</summary>
    public IRegionPeer WrapAtControl(IRegionPeer peer) => bug == SeededBug.BlindRetry ? new BlindControl(peer) : peer;

    /// <summary>The copy that this region has, though it may not be the home: a cache says so, and nobody looks at the row.</summary>
    public AccountCopy? FindCached(RegionMachine machine, RegionNode node, AccountId account)
    {
        if (bug != SeededBug.RouterCacheWithoutEpoch || node.Region.Storage.Find(account) is not { Ring: not null } store)
        {
            return null;
        }

        if (store.Row!.State == AccountState.Active)
        {
            _served.Add((machine.Region, account));
        }

        return _served.Contains((machine.Region, account)) ? new AccountCopy(store, store.HoldOpen(), store.Row.Epoch) : null;
    }

    /// <summary>The source writes its changes; what of them reaches the target?</summary>
    public async Task StreamAsync(
        RegionMachine source, RegionMachine target, RegionNode node, MoveOrder order, long after, byte[] boxKey,
        PipeWriter output, CancellationToken cancellationToken)
    {
        if (!IsInStream)
        {
            await node.Changes.StreamAsync(order, target.Region, after, boxKey, output, cancellationToken);
            return;
        }

        if (bug == SeededBug.CheckpointOnReceive
            && _received.GetValueOrDefault((target.Region, order.Move)) is var received && received > after)
        {
            ChangeStream.Write(output, new StreamFrame.Batch(after, received, 0, new ChangeBatch([], received)));
            after = received;
        }

        var pipe = new Pipe(new PipeOptions(readerScheduler: source.Life!.Pipes, writerScheduler: source.Life.Pipes));
        source.Life.Begin(async () =>
        {
            try
            {
                await node.Changes.StreamAsync(order, target.Region, after, boxKey, pipe.Writer, cancellationToken);
                await pipe.Writer.CompleteAsync();
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException or InvalidOperationException)
            {
                await pipe.Writer.CompleteAsync(new IOException("The stream broke.", fault));
            }
        });
        await using var input = pipe.Reader.AsStream();
        await RewriteAsync(input, source, target, order, output, cancellationToken);
    }

    private async Task RewriteAsync(
        Stream input, RegionMachine source, RegionMachine target, MoveOrder order, PipeWriter output,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            var frame = await ChangeStream.ReadAsync(
                (destination, token) => input.ReadExactlyAsync(destination, token), cancellationToken);
            if (frame is StreamFrame.Batch batch)
            {
                _received[(target.Region, order.Move)] = batch.Changes.CompleteUpTo;
                frame = await AlterAsync(batch, source, order);
            }

            ChangeStream.Write(output, frame);
            if (frame is StreamFrame.Content content)
            {
                var bytes = new byte[content.SealedLengthBytes];
                await input.ReadExactlyAsync(bytes, cancellationToken);
                await output.WriteAsync(bytes, cancellationToken);
            }

            await output.FlushAsync(cancellationToken);
            if (frame is StreamFrame.End)
            {
                return;
            }
        }
    }

    private async Task<StreamFrame> AlterAsync(StreamFrame.Batch batch, RegionMachine source, MoveOrder order)
    {
        switch (bug)
        {
            case SeededBug.CopyNotAtomic:
                await Task.Delay(TimeSpan.FromMilliseconds(20), source.Life!.Time);
                var seq = source.Up.Region.Storage.Find(order.Account)!.Row!.Seq;
                return batch with { Changes = batch.Changes with { CompleteUpTo = seq } };
            case SeededBug.VerifierSharesEnumeration:
                return Without(batch, change => change is { Kind: RowKind.Version, IsDeleted: false } && change.Seq % 5 == 0);
            case SeededBug.MissedDelete:
                return Without(batch, change => change.IsDeleted && change.Kind != RowKind.Content);
            case SeededBug.UploadLeftBehind:
                return Without(batch, change => change.Kind is RowKind.Part);
            default:
                return batch;
        }
    }

    private static StreamFrame.Batch Without(StreamFrame.Batch batch, Func<Change, bool> isLost)
        => batch with { Changes = batch.Changes with { Changes = [.. batch.Changes.Changes.Where(one => !isLost(one))] } };

    /// <summary>The source's own watch finds nobody to ask.</summary>
    private sealed class ForgetfulLinks(IRegionLinks links) : IRegionLinks
    {
        public IRegionLink To(RegionName region) => new ForgetfulLink(region, links.To(region));

        public Task<DirectoryEntry?> AskControlAsync(AccountId account, CancellationToken cancellationToken)
            => links.AskControlAsync(account, cancellationToken);
    }

    private sealed class ForgetfulLink(RegionName region, IRegionLink link) : IRegionLink
    {
        public Task<Stream> PullAsync(MoveOrder order, long after, byte[] boxKey, CancellationToken cancellationToken)
            => link.PullAsync(order, after, boxKey, cancellationToken);

        public Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
            => throw new RegionUnreachableException(region, "nobody asks");

        public Task<HandOverAnswer> HandOverAsync(
            HandOver handOver, Func<Stream, CancellationToken, Task> writeBody, CancellationToken cancellationToken)
            => link.HandOverAsync(handOver, writeBody, cancellationToken);
    }
}
