using System.IO.Pipelines;
using Domicile.Server.Peers;
using Xunit;

namespace Domicile.Tests.Peers;

public sealed class ReadAheadStreamTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_has_come_is_read_in_one_piece_and_answered_in_any()
    {
        var sent = new byte[300_000];
        new Random(3).NextBytes(sent);
        using var below = new CountingStream(sent);
        await using var stream = new ReadAheadStream(below);

        // As TLS asks: a record's header, then its body.
        var received = new byte[sent.Length];
        for (var at = 0; at < sent.Length;)
        {
            var piece = received.AsMemory(at, Math.Min(at % 2 == 0 ? 5 : 16_401, sent.Length - at));
            await stream.ReadExactlyAsync(piece, Stop);
            at += piece.Length;
        }

        Assert.Equal(sent, received);
        Assert.Equal(0, await stream.ReadAsync(new byte[1], Stop));
        Assert.InRange(below.Reads, 1, 10);
    }

    [Fact]
    public async Task It_writes_while_it_waits_for_something_to_read()
    {
        var (there, back) = (new Pipe(), new Pipe());
        await using var stream = new ReadAheadStream(new TwoWayStream(back.Reader.AsStream(), there.Writer.AsStream()));
        var reading = stream.ReadAsync(new byte[3], Stop);
        await stream.WriteAsync(new byte[] { 1, 2 }, Stop);
        await stream.FlushAsync(Stop);
        Assert.Equal(2, (await there.Reader.ReadAsync(Stop)).Buffer.Length);
        Assert.False(reading.IsCompleted);
        await back.Writer.WriteAsync(new byte[] { 4 }, Stop);
        Assert.Equal(1, await reading);
    }

    private sealed class CountingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public int Reads { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Reads++;
            return base.ReadAsync(buffer, cancellationToken);
        }
    }

    /// <summary>What a socket's stream is: two directions.</summary>
    private sealed class TwoWayStream(Stream input, Stream output) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            => input.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
            => output.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);
    }
}
