using System.Buffers;
using System.IO.Pipelines;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Simulation.Engine;

namespace Domicile.Simulation.Machines;

/// <summary>Who sends and receives messages.</summary>
internal interface IParty
{
    int Number { get; }

    string Name { get; }

    /// <summary>The process that runs now; null while it is down.</summary>
    Life? Life { get; }
}

/// <summary>What the network does to messages, all of it drawn from the seed.</summary>
internal sealed record Weather(double Loss, double Duplication, double Cuts, int DelayMsMax);

/// <summary>Carries calls between processes: late, twice, not at all.</summary>
internal sealed class Network
{
    private static readonly Weather Fair = new(0, 0, 0, 5);

    private readonly World _world;
    private readonly Dice _dice;
    private readonly Life _cable;
    private readonly HashSet<(int, int)> _cut = [];
    private Weather _weather;

    public Network(World world, Weather weather)
    {
        _world = world;
        _dice = world.Dice.Fork();
        _weather = weather;
        _cable = new Life(world, 0, "network");
    }

    public long Messages { get; private set; }

    public long Lost { get; private set; }

    public long Duplicated { get; private set; }

    public void Heal()
    {
        _weather = Fair;
        _cut.Clear();
    }

    public void Cut(IParty one, IParty other)
    {
        _world.Trace.Say($"-- no way between {one.Name} and {other.Name}");
        _cut.Add(Pair(one, other));
    }

    public void Mend(IParty one, IParty other)
    {
        if (_cut.Remove(Pair(one, other)))
        {
            _world.Trace.Say($"-- {one.Name} and {other.Name} see each other again");
        }
    }

    /// <summary>Runs <paramref name="act"/> in the callee's process, and gives its answer if both ways go well.</summary>
    /// <param name="mayRepeat">It may arrive twice: so for what is safe to repeat, and not for a client's requests.</param>
    /// <exception cref="RegionUnreachableException">No answer; it may or may not have happened.</exception>
    public async Task<T> CallAsync<T>(
        Life caller, IParty from, IParty to, string what, Func<CancellationToken, Task<T>> act, CancellationToken cancellationToken,
        bool mayRepeat = true)
    {
        var call = new Call<T>(this, from, to, what, act, mayRepeat);
        void Drop() => After(Delay(), call.Stop.Cancel);
        caller.AtDeath(Drop);
        await using var cancelled = cancellationToken.UnsafeRegister(
            _ =>
            {
                call.Told.TrySetCanceled(cancellationToken);
                Drop();
            },
            null);
        try
        {
            call.Send();
            return await call.Told.Task;
        }
        finally
        {
            caller.NotAtDeath(Drop);
        }
    }

    /// <summary>A stream of bytes from one process to another, that may stall and break anywhere.</summary>
    /// <param name="write">Runs in the sender's process.</param>
    public PipeReader Stream(
        IParty sender, Life sending, IParty receiver, Life receiving, string what,
        Func<PipeWriter, CancellationToken, Task> write)
    {
        var outgoing = new Pipe(new PipeOptions(readerScheduler: _cable.Pipes, writerScheduler: sending.Pipes));
        var incoming = new Pipe(new PipeOptions(readerScheduler: receiving.Pipes, writerScheduler: _cable.Pipes));
        var stop = new CancellationTokenSource();
        sending.Begin(async () =>
        {
            try
            {
                await write(outgoing.Writer, stop.Token);
                await outgoing.Writer.CompleteAsync();
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException or InvalidOperationException)
            {
                await outgoing.Writer.CompleteAsync(new IOException("The sender failed.", fault));
            }
        });
        var breaksAt = _dice.Hits(_weather.Cuts) ? _dice.Below(_dice.Hits(0.5) ? 300 : 60_000) : int.MaxValue;
        var pump = new Pump(this, sender, receiver, what, outgoing.Reader, incoming.Writer, stop, breaksAt);
        if (_dice.Hits(0.7))
        {
            sending.AtDeath(() => After(Delay(), () => pump.Break("the sender is gone")));
        }

        receiving.AtDeath(() => After(Delay(), stop.Cancel));
        _cable.Begin(pump.RunAsync);
        return new WatchedReader(incoming.Reader, () => After(Delay(), stop.Cancel));
    }

    // In whole milliseconds, as timers count: what has less than one left would ask again and again while no time passes.
    private TimeSpan Delay() => TimeSpan.FromMilliseconds(1 + _dice.Below(_weather.DelayMsMax));

    // What nobody answers: until the caller gives up.
    private TimeSpan Patience() => TimeSpan.FromMilliseconds(_dice.Hits(0.7) ? 20 + _dice.Below(300) : 500 + _dice.Below(7000));

    private void After(TimeSpan delay, Action act)
        => new VirtualTimer(_world, _cable, static act => ((Action)act!)(), act).Change(delay, Timeout.InfiniteTimeSpan);

    private bool IsCut(IParty one, IParty other) => _cut.Contains(Pair(one, other));

    private static (int, int) Pair(IParty one, IParty other)
        => (Math.Min(one.Number, other.Number), Math.Max(one.Number, other.Number));

    private bool Loses(IParty from, IParty to, string what, string part)
    {
        Messages++;
        if (!IsCut(from, to) && !_dice.Hits(_weather.Loss))
        {
            return false;
        }

        Lost++;
        _world.Trace.Say($"   lost: {part} {from.Name} → {to.Name} {what}");
        return true;
    }

    private sealed class Call<T>(
        Network network, IParty from, IParty to, string what, Func<CancellationToken, Task<T>> act, bool mayRepeat)
    {
        public TaskCompletionSource<T> Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationTokenSource Stop { get; } = new();

        public void Send()
        {
            network._world.Trace.Say($"{from.Name} → {to.Name} {what}");
            if (network.Loses(from, to, what, "question"))
            {
                Unanswered(network.Patience());
            }
            else
            {
                network.After(network.Delay(), () => Deliver(isAgain: false));
            }

            if (mayRepeat && network._dice.Hits(network._weather.Duplication))
            {
                network.Duplicated++;
                network.After(network.Delay() + network.Patience(), () => Deliver(isAgain: true));
            }
        }

        private void Deliver(bool isAgain)
        {
            if (to.Life is not { } life || network.IsCut(from, to))
            {
                Unanswered(network.Delay());
                return;
            }

            void Gone() => Unanswered(network.Patience());
            life.AtDeath(Gone);
            life.Begin(async () =>
            {
                try
                {
                    await RunAsync(isAgain);
                }
                finally
                {
                    life.NotAtDeath(Gone);
                }
            });
        }

        private async Task RunAsync(bool isAgain)
        {
            if (isAgain)
            {
                network._world.Trace.Say($"{from.Name} → {to.Name} {what}, once more");
            }

            try
            {
                var answer = await act(isAgain ? CancellationToken.None : Stop.Token);
                Answer(isAgain, () => Told.TrySetResult(answer));
            }
            catch (RegionRefusedException refused)
            {
                Answer(isAgain, () => Told.TrySetException(refused));
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException or ObjectDisposedException)
            {
                network._world.Trace.Say($"   {to.Name} {what} failed: {fault.GetType().Name}");
                Answer(isAgain, () => Told.TrySetException(Unreachable(fault.GetType().Name)));
            }
        }

        private void Answer(bool isAgain, Action tell)
        {
            if (isAgain)
            {
                return;
            }

            if (network.Loses(to, from, what, "answer"))
            {
                Unanswered(network.Patience());
            }
            else
            {
                network.After(network.Delay(), tell);
            }
        }

        private void Unanswered(TimeSpan after)
            => network.After(after, () => Told.TrySetException(Unreachable("no answer")));

        private RegionUnreachableException Unreachable(string cause) => new(RegionName.Parse(to.Name), cause);
    }

    private sealed class Pump(
        Network network, IParty sender, IParty receiver, string what, PipeReader source, PipeWriter destination,
        CancellationTokenSource stop, int breaksAt)
    {
        private bool _isOver;
        private long _bytes;

        public async Task RunAsync()
        {
            try
            {
                while (!_isOver)
                {
                    var read = await source.ReadAsync();
                    var taken = await MoveAsync(read);
                    source.AdvanceTo(taken);
                    if (read.IsCompleted && taken.Equals(read.Buffer.End))
                    {
                        End(null);
                    }
                }
            }
            catch (Exception fault) when (fault is IOException or InvalidOperationException)
            {
                End(new IOException(fault.Message));
            }

            await source.CompleteAsync(new IOException("The stream is over."));
        }

        public void Break(string cause)
        {
            End(new IOException(cause));
            stop.Cancel();
        }

        private async Task<SequencePosition> MoveAsync(ReadResult read)
        {
            await WaitAsync();
            var most = Math.Min(read.Buffer.Length, breaksAt - _bytes);
            var length = network._dice.Hits(0.3) ? Math.Min(most, 1 + network._dice.Below(500)) : most;
            var taken = read.Buffer.Slice(0, length);
            foreach (var piece in taken)
            {
                destination.Write(piece.Span);
            }

            _bytes += length;
            network.Messages++;
            var flushed = await destination.FlushAsync();
            if (_bytes >= breaksAt)
            {
                network.Lost++;
                network._world.Trace.Say($"   cut after {_bytes} bytes: {sender.Name} → {receiver.Name} {what}");
                Break("the stream was cut");
            }
            else if (flushed.IsCompleted)
            {
                _isOver = true;
                stop.Cancel();
            }

            return taken.End;
        }

        private async Task WaitAsync()
        {
            do
            {
                await Task.Delay(network.Delay(), network._cable.Time);
            }
            while (network.IsCut(sender, receiver) && !_isOver);
        }

        private void End(Exception? cause)
        {
            if (!_isOver)
            {
                _isOver = true;
                destination.Complete(cause);
            }
        }
    }

    /// <summary>Tells when its user is done with it, as the end of a response does.</summary>
    private sealed class WatchedReader(PipeReader reader, Action completed) : PipeReader
    {
        public override void AdvanceTo(SequencePosition consumed) => reader.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => reader.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => reader.CancelPendingRead();

        public override void Complete(Exception? exception = null)
        {
            reader.Complete(exception);
            completed();
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
            => reader.ReadAsync(cancellationToken);

        public override bool TryRead(out ReadResult result) => reader.TryRead(out result);
    }
}
