using System.Buffers;

namespace Domicile.Moves;

/// <summary>The target's end of a stream of changes. Tells silence from slowness: whatever arrives begins the wait anew.</summary>
internal sealed class PulledInput : IAsyncDisposable
{
    // What is wanted in larger pieces goes where it is wanted at once: a copy less of all that contents consist of.
    private const int AheadBytes = 128 << 10;
    private const int DirectBytesMin = 16 << 10;

    private readonly TimeProvider _time;
    private readonly CancellationToken _stopped;
    private readonly CancellationTokenSource _silence = new();
    private readonly CancellationTokenRegistration _stopping;
    private readonly ITimer _watch;
    private readonly byte[] _ahead = ArrayPool<byte>.Shared.Rent(AheadBytes);
    private Memory<byte> _unread;
    private Stream? _input;

    // Since when the source is waited for, in the clock's timestamps; null while it isn't. Guarded by _silence.
    private long? _waitingSince;

    private PulledInput(TimeProvider time, CancellationToken stopped)
    {
        _time = time;
        _stopped = stopped;
        _stopping = stopped.UnsafeRegister(static one => ((CancellationTokenSource)one!).Cancel(), _silence);
        _watch = time.CreateTimer(_ => Watch(), null, MoveLimits.SilenceLooked, MoveLimits.SilenceLooked);
    }

    /// <exception cref="TimeoutException">The source does not answer.</exception>
    public static async Task<PulledInput> OpenAsync(
        IRegionLink source, MoveOrder order, long after, byte[] boxKey, TimeProvider time, CancellationToken stopped)
    {
        var input = new PulledInput(time, stopped);
        try
        {
            input._input = await input.ConnectAsync(source, order, after, boxKey);
            return input;
        }
        catch
        {
            await input.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="TimeoutException">Nothing has come for <see cref="MoveLimits.SilenceMax"/>.</exception>
    /// <exception cref="EndOfStreamException">The stream was cut.</exception>
    public async ValueTask ReadExactlyAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var some = Math.Min(_unread.Length, destination.Length);
            _unread[..some].CopyTo(destination);
            (_unread, destination) = (_unread[some..], destination[some..]);
            if (destination.IsEmpty)
            {
                return;
            }

            if (destination.Length >= DirectBytesMin)
            {
                destination = destination[await ReadSomeAsync(destination)..];
            }
            else
            {
                _unread = _ahead.AsMemory(0, await ReadSomeAsync(_ahead));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        if (_input is not null)
        {
            await _input.DisposeAsync();
        }

        // The account's names came through it.
        ArrayPool<byte>.Shared.Return(_ahead, clearArray: true);
        await _stopping.DisposeAsync();
        _silence.Dispose();
    }

    /// <returns>At least one.</returns>
    private async ValueTask<int> ReadSomeAsync(Memory<byte> destination)
    {
        var reading = _input!.ReadAsync(destination, _silence.Token);
        var read = reading.IsCompletedSuccessfully ? reading.Result : await WaitAsync(reading);
        return read > 0 ? read : throw new EndOfStreamException("The stream of changes was cut.");
    }

    private async ValueTask<int> WaitAsync(ValueTask<int> reading)
    {
        BeginWait();
        try
        {
            return await reading;
        }
        catch (OperationCanceledException) when (!_stopped.IsCancellationRequested)
        {
            throw Silent();
        }
        finally
        {
            EndWait();
        }
    }

    private async Task<Stream> ConnectAsync(IRegionLink source, MoveOrder order, long after, byte[] boxKey)
    {
        BeginWait();
        try
        {
            return await source.PullAsync(order, after, boxKey, _silence.Token);
        }
        catch (OperationCanceledException) when (_silence.IsCancellationRequested && !_stopped.IsCancellationRequested)
        {
            throw Silent();
        }
        finally
        {
            EndWait();
        }
    }

    private static TimeoutException Silent()
        => new($"The source has been silent for {MoveLimits.SilenceMax.TotalSeconds} s.");

    private void BeginWait()
    {
        lock (_silence)
        {
            _waitingSince = _time.GetTimestamp();
        }
    }

    // What is done between two reads is no silence of the source.
    private void EndWait()
    {
        lock (_silence)
        {
            _waitingSince = null;
        }
    }

    // One look now and then, and not a timer for each read: there may be a hundred thousand in a second.
    private void Watch()
    {
        lock (_silence)
        {
            if (_waitingSince is not { } since || _time.GetElapsedTime(since) < MoveLimits.SilenceMax)
            {
                return;
            }
        }

        _silence.Cancel();
    }
}
