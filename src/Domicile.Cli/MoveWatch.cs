using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Domicile.Control;

namespace Domicile.Cli;

/// <summary>Follows moves as they change, through restarts of control.</summary>
internal static class MoveWatch
{
    private const int WaitingMax = 1_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(2);

    public static bool IsOver(MoveView move) => move.State is "done" or "aborted" or "failed" or "unproven";

    /// <summary>
    /// What control tells of these moves until all are over: the watch for speed, and now and then a question, since a
    /// move can end between two connections of the watch.
    /// </summary>
    public static async IAsyncEnumerable<MoveView> FollowAsync(
        ControlClient control, TimeProvider time, IReadOnlyCollection<Guid> moves,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var open = moves.ToHashSet();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var told = Channel.CreateBounded<MoveView>(WaitingMax);
        var pumps = Task.WhenAll(
            PumpAsync(AllAsync(control, time, stop.Token), told.Writer, stop.Token),
            PumpAsync(AskAsync(control, time, moves, stop.Token), told.Writer, stop.Token));
        try
        {
            while (open.Count > 0)
            {
                var move = await told.Reader.ReadAsync(cancellationToken);
                if (!open.Contains(move.Move))
                {
                    continue;
                }

                yield return move;
                if (IsOver(move))
                {
                    open.Remove(move.Move);
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await pumps;
        }
    }

    /// <summary>What <c>moves/watch</c> tells: all open moves, then changes. Connects again where the stream breaks.</summary>
    public static async IAsyncEnumerable<MoveView> AllAsync(
        ControlClient control, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var silentSince = time.GetTimestamp();
        while (true)
        {
            VerbFailedException? broken = null;
            await using var stream = control.StreamAsync("moves/watch", ApiJson.Default.MoveView, cancellationToken)
                .GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                try
                {
                    if (!await stream.MoveNextAsync())
                    {
                        break;
                    }
                }
                catch (VerbFailedException failure)
                {
                    broken = failure;
                    break;
                }

                yield return stream.Current;
                silentSince = time.GetTimestamp();
            }

            if (broken is null)
            {
                // It was reached and ended the stream: a restart, most likely.
                silentSince = time.GetTimestamp();
            }
            else if (time.GetElapsedTime(silentSince) > Patience)
            {
                throw broken;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private static async IAsyncEnumerable<MoveView> AskAsync(
        ControlClient control, TimeProvider time, IReadOnlyCollection<Guid> moves,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var open = moves.ToHashSet();
        var silentSince = time.GetTimestamp();
        while (open.Count > 0)
        {
            foreach (var id in open.ToList())
            {
                MoveView? move = null;
                try
                {
                    move = await control.GetAsync($"moves/{id}", ApiJson.Default.MoveView, cancellationToken);
                    silentSince = time.GetTimestamp();
                }
                catch (VerbFailedException) when (time.GetElapsedTime(silentSince) < Patience)
                {
                    // Control may be starting again: the next round asks again, until patience ends.
                }

                if (move is not null)
                {
                    yield return move;
                    if (IsOver(move))
                    {
                        open.Remove(id);
                    }
                }
            }

            await Task.Delay(AskEvery, time, cancellationToken);
        }
    }

    private static async Task PumpAsync(
        IAsyncEnumerable<MoveView> source, ChannelWriter<MoveView> target, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var move in source.WithCancellation(cancellationToken))
            {
                await target.WriteAsync(move, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The reader has what it wants.
        }
        catch (VerbFailedException failure)
        {
            target.TryComplete(failure);
        }
    }
}
