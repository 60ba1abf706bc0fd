using System.IO.Pipelines;
using Domicile.Moves;
using Xunit;

namespace Domicile.Tests.Moves;

public sealed class PulledInputTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private static readonly TimeSpan Nearly = MoveLimits.SilenceMax - TimeSpan.FromSeconds(1);

    private readonly ManualTime _time = new();
    private readonly HandFedLink _source = new();

    [Fact]
    public async Task A_source_that_goes_silent_in_the_middle_of_something_is_given_up()
    {
        await using var input = await OpenAsync();
        await _source.SendAsync([1, 2, 3]);
        var reading = ReadAsync(input, new byte[10]);
        while (!reading.IsCompleted)
        {
            _time.Advance(MoveLimits.SilenceMax);
            await Task.Yield();
        }

        await Assert.ThrowsAsync<TimeoutException>(() => reading);
    }

    [Fact]
    public async Task A_slow_source_is_not_a_silent_one()
    {
        await using var input = await OpenAsync();
        var bytes = new byte[5];
        var reading = ReadAsync(input, bytes);
        for (byte i = 0; i < bytes.Length; i++)
        {
            _time.Advance(Nearly);
            await _source.SendAsync([i]);
        }

        await reading;
        Assert.Equal([0, 1, 2, 3, 4], bytes);
    }

    [Fact]
    public async Task What_the_target_does_between_two_reads_is_not_the_sources_silence()
    {
        await using var input = await OpenAsync();
        var bytes = new byte[1];
        await _source.SendAsync([1]);
        await input.ReadExactlyAsync(bytes, Stop);
        _time.Advance(10 * MoveLimits.SilenceMax);
        var reading = input.ReadExactlyAsync(bytes, Stop).AsTask();
        await _source.SendAsync([2]);
        await reading;
        Assert.Equal([2], bytes);
    }

    // Small pieces come from what was read ahead, large ones past it: none may be missed, repeated or out of turn.
    [Fact]
    public async Task Pieces_of_every_size_come_in_order_however_the_source_cuts_its_stream()
    {
        await using var input = await OpenAsync();
        var dice = new Random(7);
        var sent = new byte[3_000_000];
        dice.NextBytes(sent);
        var received = new List<byte>(sent.Length);
        var reading = Task.Run(async () =>
        {
            while (received.Count < sent.Length)
            {
                var piece = new byte[Math.Min(sent.Length - received.Count, 1 << dice.Next(19))];
                await input.ReadExactlyAsync(piece, Stop);
                received.AddRange(piece);
            }
        }, Stop);
        var cuts = new Random(8);
        for (var at = 0; at < sent.Length;)
        {
            var some = Math.Min(sent.Length - at, 1 << cuts.Next(18));
            await _source.SendAsync(sent[at..(at + some)]);
            at += some;
        }

        // Else a byte too few would be waited for.
        await _source.Pipe.Writer.CompleteAsync();
        await reading;
        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task A_stream_that_ends_early_is_cut()
    {
        await using var input = await OpenAsync();
        await _source.SendAsync([1, 2, 3]);
        await _source.Pipe.Writer.CompleteAsync();
        await Assert.ThrowsAsync<EndOfStreamException>(() => input.ReadExactlyAsync(new byte[4], Stop).AsTask());
    }

    // Away from the test's own thread: what is sent is then taken before the sender goes on.
    private static Task ReadAsync(PulledInput input, byte[] bytes)
        => Task.Run(() => input.ReadExactlyAsync(bytes, Stop).AsTask(), Stop);

    private Task<PulledInput> OpenAsync() => PulledInput.OpenAsync(_source, null!, 0, [], _time, Stop);

    /// <summary>A source at the end of a wire, whose bytes the test sends.</summary>
    private sealed class HandFedLink : IRegionLink
    {
        public Pipe Pipe { get; } = new(new PipeOptions(
            readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));

        public async Task SendAsync(byte[] bytes) => await Pipe.Writer.WriteAsync(bytes, Stop);

        public Task<Stream> PullAsync(MoveOrder order, long after, byte[] boxKey, CancellationToken cancellationToken)
            => Task.FromResult(Pipe.Reader.AsStream());

        public Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
            => throw new NotSupportedException();

        public Task<HandOverAnswer> HandOverAsync(
            HandOver handOver, Func<Stream, CancellationToken, Task> writeBody, CancellationToken cancellationToken)
            => throw new NotSupportedException();
    }
}
