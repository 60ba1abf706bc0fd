using System.Collections.Concurrent;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

/// <summary>Writers of many accounts share a few threads, in turns.</summary>
public sealed class PooledTurnsTests
{
    private const int AtOnce = 3;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Goal: however many accounts wait for the disk, no more threads do than may.
    // Method: each turn waits until as many run as may, so that none would end with fewer threads; and all have asked before any
    // begins, so that the last turns are of several takers.
    [Fact]
    public async Task No_more_run_at_a_time_than_may_and_everybody_has_all_turns()
    {
        var turns = new PooledTurns(AtOnce);
        var (running, most, taken) = (0, 0, 0);
        using var full = new Barrier(AtOnce);
        using var allHaveAsked = new ManualResetEventSlim();
        var takers = Enumerable.Range(0, 5 * AtOnce).Select(_ =>
        {
            var left = 4;
            return turns.Run(() =>
            {
                allHaveAsked.Wait(Cancelled);
                var now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                Assert.True(full.SignalAndWait(TimeSpan.FromSeconds(30), Cancelled));
                Interlocked.Increment(ref taken);
                Interlocked.Decrement(ref running);
                return --left > 0;
            });
        }).ToList();
        allHaveAsked.Set();

        await Task.WhenAll(takers).WaitAsync(TimeSpan.FromSeconds(60), Cancelled);

        Assert.Equal(AtOnce, most);
        Assert.Equal(5 * AtOnce * 4, taken);
    }

    // Goal: an account that never stops writing keeps no other one waiting.
    [Fact]
    public async Task One_that_always_has_more_lets_the_others_have_their_turns()
    {
        var turns = new PooledTurns(1);
        using var over = new CancellationTokenSource();
        var order = new ConcurrentQueue<string>();
        using var begun = new SemaphoreSlim(0);
        using var goOn = new SemaphoreSlim(0);
        var endless = turns.Run(() =>
        {
            if (order.IsEmpty)
            {
                begun.Release();
                goOn.Wait(Cancelled);
            }

            order.Enqueue("endless");
            return !over.IsCancellationRequested;
        });
        await begun.WaitAsync(Cancelled);
        var others = Enumerable.Range(0, 3).Select(i => turns.Run(() =>
        {
            order.Enqueue($"other {i}");
            return false;
        })).ToList();
        goOn.Release();

        await Task.WhenAll(others).WaitAsync(TimeSpan.FromSeconds(60), Cancelled);
        await over.CancelAsync();
        await endless.WaitAsync(TimeSpan.FromSeconds(60), Cancelled);

        Assert.Equal(["endless", "other 0", "other 1", "other 2", "endless"], order.Take(5));
    }

    [Fact]
    public async Task A_turn_that_throws_ends_its_taker_alone()
    {
        var turns = new PooledTurns(1);
        var broken = turns.Run(() => throw new InvalidOperationException("broken"));
        var whole = turns.Run(() => false);

        Assert.Equal("broken", (await Assert.ThrowsAsync<InvalidOperationException>(() => broken)).Message);
        await whole.WaitAsync(TimeSpan.FromSeconds(60), Cancelled);
    }

    private static void InterlockedMax(ref int most, int now)
    {
        for (var known = most; now > known; known = most)
        {
            Interlocked.CompareExchange(ref most, now, known);
        }
    }
}
