namespace Domicile.Server.Hosting;

/// <summary>
/// After an erasure: has the collector give back all memory that nothing uses, so that names and contents which only passed
/// through go from it. That stops the process for a moment, so however many accounts are erased it happens once in a while;
/// an erasure does not wait for it.
/// </summary>
internal sealed class MemorySweep(TimeProvider time) : IAsyncDisposable
{
    /// <summary>What an erasure leaves in memory that nothing uses is gone after this long at most.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _sweeping = Task.CompletedTask;
    private long? _sweptAt;
    private bool _isAsked;

    /// <summary>At once, if the last time is long enough ago; else when it is.</summary>
    public void Ask()
    {
        lock (_gate)
        {
            if (!_isAsked && !_stop.IsCancellationRequested)
            {
                _isAsked = true;
                _sweeping = Task.Run(SweepAsync);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _sweeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task SweepAsync()
    {
        if (_sweptAt is { } last && Every - time.GetElapsedTime(last) is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left, time, _stop.Token);
        }

        lock (_gate)
        {
            // Whoever asks from here on comes too late for this one.
            (_isAsked, _sweptAt) = (false, time.GetTimestamp());
        }

        // Twice: what has a finalizer is zeroed by it, and gone with the second.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
