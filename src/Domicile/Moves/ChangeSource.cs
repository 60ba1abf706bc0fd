using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// Writes an account's changes after a seq into a stream, and goes on with those that follow as they commit: copy and
/// catch-up are the same loop, so nothing falls between them.
/// </summary>
internal sealed class ChangeSource(RegionContext region)
{
    /// <summary>Returns when the move is over here, or throws when the stream breaks. The caller completes the writer.</summary>
    /// <param name="caller">The region that the link has authenticated: the account goes to the one on record, and no other.</param>
    /// <param name="boxKey">The target's, for which the account's key is sealed.</param>
    /// <exception cref="OrderRefusedException">Control has not signed this order.</exception>
    public async Task StreamAsync(
        MoveOrder order, RegionName caller, long after, byte[] boxKey, PipeWriter output, CancellationToken cancellationToken)
    {
        region.CheckOrder(order);
        if (region.Storage.Find(order.Account) is not { } store)
        {
            await EndAsync(output, "The account is not known here.", cancellationToken);
            return;
        }

        var record = store.Read(sql => RegionMoveRecord.Find(sql, order.Account, order.Move, MoveRole.Source));
        if (record?.Peer != caller || !record.Matches(order))
        {
            await EndAsync(output, "This move is not prepared here for the region that asks.", cancellationToken);
            return;
        }

        using var hold = store.HoldOpen();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, hold.Cut);
        await StreamAsync(store, order, after, boxKey, output, ending.Token);
    }

    private async Task StreamAsync(
        AccountStore store, MoveOrder order, long after, byte[] boxKey, PipeWriter output, CancellationToken cancellationToken)
    {
        var sentKey = false;
        long? spoke = null;
        string? missing = null;
        while (true)
        {
            var ticket = store.CommitCount;
            if (WhyNot(store.Row, order) is { } reason)
            {
                await EndAsync(output, reason, cancellationToken);
                return;
            }

            if (!sentKey)
            {
                ChangeStream.Write(output, new StreamFrame.Key(BoxKeys(store, order, boxKey)));
                sentKey = true;
            }

            var from = after;
            var batch = store.Read(sql => ChangeFeed.Read(
                sql, order.Account, from, region.Copy.BatchRowsMax, MoveLimits.BatchBytesMax));
            if (batch.Changes.Count > 0 || batch.CompleteUpTo > after)
            {
                (after, var lacked) = await SendAsync(store, batch, after, output, cancellationToken);
                if (lacked is not null && lacked == missing)
                {
                    await EndAsync(output, MoveReasons.Damaged($"Content {lacked} has no file."), cancellationToken);
                    return;
                }

                missing = lacked;
                spoke = region.Time.GetTimestamp();
            }
            else
            {
                spoke = await WaitAsync(store, ticket, spoke, output, cancellationToken);
            }
        }
    }

    // Files first, so that the target has them when it stores the rows. A content that a later write has dropped since the
    // batch was read has no file any more: the batch is read again, and then doesn't name it. If it does, the file is lost.
    /// <returns>Up to where all was sent, and the content that has no file; null where all of the batch was sent.</returns>
    private async Task<(long After, string? Lacked)> SendAsync(
        AccountStore store, ChangeBatch batch, long after, PipeWriter output, CancellationToken cancellationToken)
    {
        var (changes, begin, contentBytes) = (batch.Changes, 0, 0L);
        for (var i = 0; i < changes.Count; i++)
        {
            if (contentBytes >= MoveLimits.BatchContentBytesMax && changes[i].Seq > changes[i - 1].Seq)
            {
                // What has been sent so far is a batch of its own: after a cut it need not be sent again.
                var seq = changes[i - 1].Seq;
                await SendBatchAsync(store, new ChangeBatch([.. changes.Skip(begin).Take(i - begin)], seq), after, output,
                    cancellationToken);
                (after, begin, contentBytes) = (seq, i, 0);
            }

            if (FileContentOf(changes[i]) is { } content)
            {
                if (!await SendContentAsync(store, content, output, cancellationToken))
                {
                    return (after, content.Id);
                }

                contentBytes += content.LengthBytes;
            }
        }

        var rest = begin == 0 ? batch : batch with { Changes = [.. changes.Skip(begin)] };
        await SendBatchAsync(store, rest, after, output, cancellationToken);
        return (batch.CompleteUpTo, null);
    }

    private async Task SendBatchAsync(
        AccountStore store, ChangeBatch batch, long after, PipeWriter output, CancellationToken cancellationToken)
    {
        var seq = store.Row!.Seq;
        var unsentBytes = seq - batch.CompleteUpTo > region.Copy.LagAtSealMax ? long.MaxValue
            : store.Read(sql => ChangeFeed.ContentBytesAfter(sql, store.Account, batch.CompleteUpTo));
        ChangeStream.Write(output, new StreamFrame.Batch(after, seq, unsentBytes, batch));
        await output.FlushAsync(cancellationToken);
    }

    /// <returns>The content of this change, if it lies in a file.</returns>
    public static ContentRow? FileContentOf(Change change)
        => change is { Kind: RowKind.Content, IsDeleted: false }
            && ContentRow.Decode(change.Row) is { IsInline: false } content
            ? content
            : null;

    private static async Task<bool> SendContentAsync(
        AccountStore store, ContentRow content, PipeWriter output, CancellationToken cancellationToken)
    {
        if (!store.Contents.HasSealed(content.Id, content.LengthBytes))
        {
            return false;
        }

        var (sealedBytes, sealedLength) = store.Contents.OpenSealed(content.Id);
        await using (sealedBytes)
        {
            ChangeStream.Write(output, new StreamFrame.Content(content.Id, content.LengthBytes, sealedLength));
            await CopyAsync(sealedBytes, output, cancellationToken);
            return true;
        }
    }

    // In larger pieces than the base library's own copying to a pipe would: each read of a file is a thread's turn.
    private static async Task CopyAsync(Stream source, PipeWriter output, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MoveLimits.SendBytesAtOnce);
        try
        {
            while (await source.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // A stream that has said nothing yet says at once where the source stands. Commits end the wait whether they changed
    // something or not: the heartbeat is due all the same, counted from when the stream spoke last.
    private async Task<long> WaitAsync(
        AccountStore store, long ticket, long? spoke, PipeWriter output, CancellationToken cancellationToken)
    {
        if (spoke is { } last && MoveLimits.HeartbeatEvery - region.Time.GetElapsedTime(last) is var left && left > TimeSpan.Zero)
        {
            try
            {
                await store.ChangedSince(ticket, cancellationToken).WaitAsync(left, region.Time, cancellationToken);
                return last;
            }
            catch (TimeoutException)
            {
                // The heartbeat is due.
            }
        }

        ChangeStream.Write(output, new StreamFrame.Heartbeat(store.Row!.Seq));
        await output.FlushAsync(cancellationToken);
        return region.Time.GetTimestamp();
    }

    private static string? WhyNot(AccountRow? row, MoveOrder order)
        => row switch
        {
            null => "The account is not known here.",
            _ when row.Epoch != order.Epoch => $"The account is in epoch {row.Epoch} here, not {order.Epoch}.",
            _ when row.Pulling != order.Move => "This move is not prepared here, or is over.",
            { State: AccountState.Active or AccountState.Sealed } => null,
            _ => $"The account is {row.State} here.",
        };

    private static byte[] BoxKeys(AccountStore store, MoveOrder order, byte[] boxKey)
    {
        var ring = store.Ring!;
        Span<byte> keys = stackalloc byte[ring.LengthBytes];
        ring.CopyTo(keys);
        var box = SecretBox.Seal(boxKey, order.Move.ToByteArray(), keys);
        CryptographicOperations.ZeroMemory(keys);
        return box;
    }

    private static async Task EndAsync(PipeWriter output, string reason, CancellationToken cancellationToken)
    {
        ChangeStream.Write(output, new StreamFrame.End(reason));
        await output.FlushAsync(cancellationToken);
    }
}
