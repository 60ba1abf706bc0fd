using System.Buffers;
using System.IO.Pipelines;

namespace Domicile.Moves;

/// <summary>The target's end of a stream of changes. Tells silence from slowness: whatever arrives begins the wait anew.</summary>
internal sealed class PulledInput : IAsyncDisposable
{
    private readonly CancellationToken _stopped;
    private readonly CancellationTokenSource _silence;
    private readonly CancellationTokenRegistration _stopping;
    private PipeReader? _input;

    private PulledInput(TimeProvider time, CancellationToken stopped)
    {
        _stopped = stopped;
        _silence = new CancellationTokenSource(MoveLimits.SilenceMax, time);
        _stopping = stopped.UnsafeRegister(static one => ((CancellationTokenSource)one!).Cancel(), _silence);
    }

    /// <exception cref="TimeoutException">The source does not answer.</exception>
    public static async Task<PulledInput> OpenAsync(
        IRegionLink source, MoveOrder order, long after, TimeProvider time, CancellationToken stopped)
    {
        var input = new PulledInput(time, stopped);
        try
        {
            input._input = await input.InTimeAsync(source.PullAsync(order, after, input._silence.Token));
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
        while (!destination.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = _input!.TryRead(out var buffered) ? buffered : await WaitAsync();
            var some = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, destination.Length));
            some.CopyTo(destination.Span);
            var isCut = some.IsEmpty && read.IsCompleted;
            destination = destination[(int)some.Length..];
            _input.AdvanceTo(some.End);
            if (isCut)
            {
                throw new EndOfStreamException("The stream of changes was cut.");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_input is not null)
        {
            await _input.CompleteAsync();
        }

        await _stopping.DisposeAsync();
        _silence.Dispose();
    }

    private async ValueTask<ReadResult> WaitAsync()
    {
        _silence.CancelAfter(MoveLimits.SilenceMax);
        return await InTimeAsync(_input!.ReadAsync(_silence.Token).AsTask());
    }

    private async Task<T> InTimeAsync<T>(Task<T> waiting)
    {
        try
        {
            var result = await waiting;

            // What is done between two reads is no silence of the source.
            _silence.CancelAfter(Timeout.InfiniteTimeSpan);
            return result;
        }
        catch (OperationCanceledException) when (_silence.IsCancellationRequested && !_stopped.IsCancellationRequested)
        {
            throw new TimeoutException($"The source has been silent for {MoveLimits.SilenceMax.TotalSeconds} s.");
        }
    }
}
