using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Domicile.Links;

/// <summary>What a link is like.</summary>
/// <param name="DelayThere">What each byte takes from whoever connects to the target.</param>
/// <param name="DelayBack">And from the target back.</param>
/// <param name="BitsPerSecond">In each direction, of all connections together; null: as fast as the machine.</param>
internal sealed record LinkTerms(TimeSpan DelayThere, TimeSpan DelayBack, long? BitsPerSecond = null)
{
    public static readonly LinkTerms Straight = new(TimeSpan.Zero, TimeSpan.Zero);

    /// <param name="roundTrip">Half of it each way.</param>
    public static LinkTerms Of(TimeSpan roundTrip, long? bitsPerSecond = null)
        => new(roundTrip / 2, roundTrip / 2, bitsPerSecond);
}

/// <summary>
/// A TCP link between two programs of this machine, with a distance, a width and faults. It listens at a port of 127.0.0.1
/// and passes on what comes. It shapes a stream of bytes: there are no packets, no losses and no slow start.
/// </summary>
internal sealed class Link : IAsyncDisposable
{
    // A connection's bytes under way where no width bounds them: 1 GiB/s over 60 ms.
    private const long UnboundFlightBytesMax = 64 << 20;
    private const long FlightBytesMin = 1 << 20;

    private const int ChunkBytesMax = 256 << 10;
    private const int ShapedChunkBytesMax = 64 << 10;
    private const int ChunkBytesMin = 1460;

    private readonly Socket _listener;
    private readonly IPEndPoint _target;
    private readonly LinkTerms _terms;
    private readonly Lane _there;
    private readonly Lane _back;
    private readonly ConcurrentDictionary<Passage, bool> _passages = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private volatile TaskCompletionSource _passing = Signal();
    private volatile bool _isCut;

    private Link(Socket listener, IPEndPoint target, LinkTerms terms)
    {
        _listener = listener;
        _target = target;
        _terms = terms;
        _there = new Lane(terms.DelayThere, terms.BitsPerSecond);
        _back = new Lane(terms.DelayBack, terms.BitsPerSecond);
        _passing.SetResult();
        EndPoint = (IPEndPoint)listener.LocalEndPoint!;
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Bytes handed to the target, and from it, so far.</summary>
    public (long There, long Back) Passed => (_there.Passed, _back.Passed);

    /// <param name="port">0: any free one.</param>
    public static Link Open(IPEndPoint target, LinkTerms? terms = null, int port = 0)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(512);
        return new Link(listener, target, terms ?? LinkTerms.Straight);
    }

    /// <summary>Every connection is reset, and so is each that comes, until <see cref="Heal"/>.</summary>
    public void Cut()
    {
        _isCut = true;
        foreach (var passage in _passages.Keys)
        {
            passage.Reset();
        }
    }

    /// <summary>Nothing passes, until <see cref="Heal"/>: connections stay open, those that come are taken, all is silent.</summary>
    public void Stall()
    {
        if (_passing.Task.IsCompleted)
        {
            _passing = Signal();
        }
    }

    /// <summary>
    /// The connections that are open now stay open and pass nothing any more, whatever comes: as when what lies between has
    /// forgotten them. Later ones pass.
    /// </summary>
    public void Lose()
    {
        foreach (var passage in _passages.Keys)
        {
            passage.IsLost = true;
        }
    }

    /// <summary>As it was before it was cut or stalled.</summary>
    public void Heal()
    {
        _isCut = false;
        _passing.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        Cut();
        await Task.WhenAll(_passages.Keys.Select(passage => passage.Over));
        _stop.Dispose();
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket near;
            try
            {
                near = await _listener.AcceptAsync(_stop.Token);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // A client that has gone already, or the end.
                continue;
            }

            var passage = new Passage(near);
            _passages[passage] = true;
            if (_isCut)
            {
                // Before it runs: else the target may take a connection that is dead already.
                passage.Reset();
            }

            passage.Over = Task.Run(() => RunAsync(passage));
        }
    }

    private async Task RunAsync(Passage passage)
    {
        var stop = passage.Stopped;
        try
        {
            // What the handshake costs.
            await Task.Delay(_terms.DelayThere + _terms.DelayBack, TimeProvider.System, stop);
            await FlowsAsync(passage);
            await passage.Far.ConnectAsync(_target, stop);
            var (near, far) = (passage.Near, passage.Far);
            await Task.WhenAll(
                PumpAsync(near, far, _there, passage), PumpAsync(far, near, _back, passage));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One end has gone, or the link is cut: the other end learns it as from any broken connection.
            passage.Reset();
        }
        finally
        {
            passage.Dispose();
            _passages.TryRemove(passage, out _);
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Lane lane, Passage passage)
    {
        await OrResetAsync(
            lane.IsStraight ? PassAsync(from, to, lane, passage) : ShapeAsync(from, to, lane, passage), passage);
        to.Shutdown(SocketShutdown.Send);
    }

    private async Task PassAsync(Socket from, Socket to, Lane lane, Passage passage)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytesMax);
        try
        {
            while (true)
            {
                await FlowsAsync(passage);
                var length = await from.ReceiveAsync(buffer.AsMemory(0, ChunkBytesMax), passage.Stopped);
                if (length == 0)
                {
                    // An end is news too.
                    await FlowsAsync(passage);
                    return;
                }

                await SendAsync(to, buffer.AsMemory(0, length), lane, passage);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Bytes enter at the lane's rate, are under way for its delay, and leave.
    private async Task ShapeAsync(Socket from, Socket to, Lane lane, Passage passage)
    {
        using var flight = new Flight(lane.FlightBytesMax);
        await Task.WhenAll(
            OrResetAsync(EnterAsync(from, flight, lane, passage), passage),
            OrResetAsync(LeaveAsync(flight, to, lane, passage), passage));
    }

    private async Task EnterAsync(Socket from, Flight flight, Lane lane, Passage passage)
    {
        var stop = passage.Stopped;
        var buffer = new byte[lane.ChunkBytes];
        while (true)
        {
            await lane.HasTurnAsync(stop);
            await flight.HasRoomAsync(stop);
            await FlowsAsync(passage);
            var length = await from.ReceiveAsync(buffer, stop);
            if (length == 0)
            {
                flight.End();
                return;
            }

            flight.Take(lane.Enter(length), buffer.AsSpan(0, length));
        }
    }

    private async Task LeaveAsync(Flight flight, Socket to, Lane lane, Passage passage)
    {
        await foreach (var chunk in flight.Chunks.ReadAllAsync(passage.Stopped))
        {
            await Clock.UntilAsync(chunk.Due, passage.Stopped);
            await SendAsync(to, chunk.Bytes.AsMemory(0, chunk.Length), lane, passage);
            flight.Landed(chunk);
        }

        await FlowsAsync(passage);
    }

    private static async Task OrResetAsync(Task task, Passage passage)
    {
        try
        {
            await task;
        }
        catch
        {
            passage.Reset();
            throw;
        }
    }

    private async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, Lane lane, Passage passage)
    {
        await FlowsAsync(passage);
        while (bytes.Length > 0)
        {
            var sent = await to.SendAsync(bytes, passage.Stopped);
            lane.Count(sent);
            bytes = bytes[sent..];
        }
    }

    /// <summary>Completes when bytes may move.</summary>
    private async ValueTask FlowsAsync(Passage passage)
    {
        if (!_passing.Task.IsCompleted)
        {
            await _passing.Task.WaitAsync(passage.Stopped);
        }

        if (passage.IsLost)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, passage.Stopped);
        }
    }

    private readonly record struct Chunk(long Due, byte[] Bytes, int Length);

    /// <summary>Monotonic ticks, and waiting for one. A timer's unit is a millisecond.</summary>
    private static class Clock
    {
        public static long Now => Stopwatch.GetTimestamp();

        public static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

        // A timer may fire a little early too: then again, so that what is missing is less than its unit.
        public static async ValueTask UntilAsync(long due, CancellationToken stop)
        {
            while ((due - Now) * 1000 / Stopwatch.Frequency is > 0 and var milliseconds)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, stop);
            }
        }
    }

    /// <summary>One direction, of all connections together.</summary>
    private sealed class Lane(TimeSpan delay, long? bitsPerSecond)
    {
        // Enough for the timer's unit not to leave the lane empty.
        private static readonly long QueueTicks = Clock.Ticks(TimeSpan.FromMilliseconds(5));

        private readonly Lock _gate = new();
        private readonly double _ticksPerByte = bitsPerSecond is { } bits ? Stopwatch.Frequency * 8.0 / bits : 0;
        private readonly long _delayTicks = Clock.Ticks(delay);
        private double _freeAt;
        private long _passed;

        public long Passed => Interlocked.Read(ref _passed);

        public bool IsStraight => delay == TimeSpan.Zero && bitsPerSecond is null;

        /// <summary>2.5 ms of the lane's rate, within bounds.</summary>
        public int ChunkBytes { get; } = bitsPerSecond is { } rate
            ? (int)Math.Clamp(rate / 8 / 400, ChunkBytesMin, ShapedChunkBytesMax)
            : ShapedChunkBytesMax;

        /// <summary>Of one connection: more than the product of rate and delay, or a receiver that pauses narrows the lane.</summary>
        public long FlightBytesMax { get; } = bitsPerSecond is { } width
            ? FlightBytesMin + (long)(2 * (width / 8.0) * delay.TotalSeconds)
            : UnboundFlightBytesMax;

        public void Count(int bytes) => Interlocked.Add(ref _passed, bytes);

        /// <summary>Completes when what has entered before has nearly gone in.</summary>
        public ValueTask HasTurnAsync(CancellationToken stop)
        {
            lock (_gate)
            {
                return _ticksPerByte == 0 ? ValueTask.CompletedTask : Clock.UntilAsync((long)_freeAt - QueueTicks, stop);
            }
        }

        /// <returns>When the last of these bytes leaves.</returns>
        public long Enter(int bytes)
        {
            lock (_gate)
            {
                _freeAt = Math.Max(_freeAt, Clock.Now) + (bytes * _ticksPerByte);
                return (long)_freeAt + _delayTicks;
            }
        }
    }

    /// <summary>The bytes of one connection that are under way in one direction.</summary>
    private sealed class Flight(long bytesMax) : IDisposable
    {
        private readonly Channel<Chunk> _chunks = Channel.CreateUnbounded<Chunk>(
            new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

        private readonly SemaphoreSlim _landed = new(0, 1);
        private long _bytes;

        public ChannelReader<Chunk> Chunks => _chunks.Reader;

        public async ValueTask HasRoomAsync(CancellationToken stop)
        {
            while (Interlocked.Read(ref _bytes) >= bytesMax)
            {
                await _landed.WaitAsync(stop);
            }
        }

        public void Take(long due, ReadOnlySpan<byte> bytes)
        {
            var copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
            bytes.CopyTo(copy);
            Interlocked.Add(ref _bytes, bytes.Length);
            _chunks.Writer.TryWrite(new Chunk(due, copy, bytes.Length));
        }

        public void Landed(Chunk chunk)
        {
            ArrayPool<byte>.Shared.Return(chunk.Bytes);
            Interlocked.Add(ref _bytes, -chunk.Length);
            if (_landed.CurrentCount == 0)
            {
                _landed.Release();
            }
        }

        public void End() => _chunks.Writer.Complete();

        public void Dispose() => _landed.Dispose();
    }

    /// <summary>One connection and its continuation to the target.</summary>
    private sealed class Passage(Socket near) : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly CancellationTokenSource _stop = new();
        private volatile bool _isLost;
        private bool _isDisposed;

        public Socket Near { get; } = Prepare(near);

        public Socket Far { get; } = Prepare(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));

        public CancellationToken Stopped => _stop.Token;

        public bool IsLost
        {
            get => _isLost;
            set => _isLost = value;
        }

        public Task Over { get; set; } = Task.CompletedTask;

        /// <summary>Both ends see a reset: RST, not the end of a stream.</summary>
        public void Reset()
        {
            lock (_gate)
            {
                if (_isDisposed)
                {
                    return;
                }

                Near.LingerState = new LingerOption(enable: true, seconds: 0);
                Far.LingerState = new LingerOption(enable: true, seconds: 0);
                _stop.Cancel();
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _isDisposed = true;
                Near.Dispose();
                Far.Dispose();
                _stop.Dispose();
            }
        }

        private static Socket Prepare(Socket socket)
        {
            socket.NoDelay = true;
            return socket;
        }
    }
}
