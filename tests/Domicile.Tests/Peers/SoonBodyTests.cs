using System.IO.Pipelines;
using Domicile.Server.Peers;
using Xunit;

namespace Domicile.Tests.Peers;

public sealed class SoonBodyTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private readonly ManualTime _time = new();
    private readonly Pipe _pipe = new();

    [Fact]
    public async Task A_body_that_is_here_is_read()
    {
        await _pipe.Writer.WriteAsync("body"u8.ToArray(), Stop);
        Assert.Equal("body"u8.ToArray(), await ReadAsync(_pipe.Reader));
    }

    // Goal: what comes in time is taken whole, what doesn't is left whole to the next reader.
    [Fact]
    public async Task A_body_that_does_not_come_in_time_is_left_unread()
    {
        await _pipe.Writer.WriteAsync("bo"u8.ToArray(), Stop);
        var reading = ReadAsync(_pipe.Reader);
        _time.Advance(Soon);
        Assert.Null(await reading);

        await _pipe.Writer.WriteAsync("dy"u8.ToArray(), Stop);
        Assert.Equal("body"u8.ToArray(), await ReadAsync(_pipe.Reader));
    }

    // Goal: a client that resets its request at the very moment takes nothing down. The timer's callback has nobody above it:
    // what it throws ends the process, and here comes out of Advance.
    [Fact]
    public async Task A_request_that_was_reset_when_the_time_is_over_is_told_by_the_read_alone()
    {
        var reader = new ResetReader();
        var reading = ReadAsync(reader);
        _time.Advance(Soon);
        reader.Reset();
        await Assert.ThrowsAsync<IOException>(() => reading);
    }

    private Task<byte[]?> ReadAsync(PipeReader reader) => SoonBody.TryReadAsync(reader, 4, Soon, _time, Stop);

    /// <summary>As the server's reader of a request that its client has reset: it throws whatever is asked of it.</summary>
    private sealed class ResetReader : PipeReader
    {
        private readonly TaskCompletionSource<ReadResult> _read = new();

        public void Reset() => _read.SetException(new IOException("The client reset the request stream."));

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => new(_read.Task);

        public override void CancelPendingRead() => throw new IOException("The client reset the request stream.");

        public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

        public override void AdvanceTo(SequencePosition consumed) => throw new NotSupportedException();

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => throw new NotSupportedException();

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
